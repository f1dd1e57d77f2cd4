//go:build unix

package diskspace_test

import (
	"path/filepath"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/diskspace"
)

func TestFreeSpaceIsKnownForDirectoriesThatExist(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if free, known := diskspace.Free(dir); !known || free == 0 {
		t.Errorf("%d bytes, known: %v", free, known)
	}
	if free, known := diskspace.Free(filepath.Join(dir, "none")); known {
		t.Errorf("a path that does not exist has %d bytes", free)
	}
}
