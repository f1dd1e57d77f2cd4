//go:build unix

package archive_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/reliableq/reliableq/localaws/lambda/archive"
)

// A program that runs as another user can read folders and files, whatever the
// server's umask is. The test changes the umask of this process and is not parallel.
func TestUnpackSetsModesWhateverTheUmaskIs(t *testing.T) {
	raw := build(t,
		entry{"bootstrap", "#!/bin/sh\n", 0o755},
		entry{"listed/", "", fs.ModeDir | 0o700},
		entry{"listed/file", "a", 0o600},
		entry{"implied/deep/file", "b", 0o600},
	)
	z, err := archive.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "code")

	before := syscall.Umask(0o077)
	err = z.Unpack(dir)
	syscall.Umask(before)
	if err != nil {
		t.Fatal(err)
	}

	for name, want := range map[string]fs.FileMode{
		".":                 0o755,
		"bootstrap":         0o555,
		"listed":            0o755,
		"listed/file":       0o444,
		"implied":           0o755,
		"implied/deep":      0o755,
		"implied/deep/file": 0o444,
	} {
		t.Run(name, func(t *testing.T) {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != want {
				t.Errorf("mode %v, want %v", info.Mode().Perm(), want)
			}
		})
	}
}
