package localaws_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reliableq/reliableq/localaws"
)

// A server in memory removes the folder of one that was killed, and its own when it
// ends.
func TestStartRemovesTheFolderOfAKilledServer(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)

	// What a killed server leaves: a folder with a lock file that nobody has locked.
	stale := filepath.Join(parent, "localaws-123")
	if err := os.MkdirAll(filepath.Join(stale, "localaws-lambda", "code"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stale, "LOCK"), nil, 0o600); err != nil {
		t.Fatal(err)
	}

	first, err := localaws.New(localaws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := localaws.New(localaws.Options{})
	if err != nil {
		t.Fatal(err)
	}

	folders, err := filepath.Glob(filepath.Join(parent, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) || len(folders) != 2 {
		t.Errorf("folders %q, want one for each of two servers", folders)
	}

	if err := first.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := second.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if folders, _ := filepath.Glob(filepath.Join(parent, "*")); len(folders) > 0 {
		t.Errorf("servers that have ended left %q", folders)
	}
}
