package localaws_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reliableq/reliableq/localaws"
)

// A server with its state in memory removes the folder of a killed server at its
// start, and its own folder when it shuts down.
func TestStartRemovesTheFolderOfAKilledServer(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)

	// What a killed server leaves: a folder with a lock file that no process has
	// locked.
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
		t.Errorf("after shutdown there are %q", folders)
	}
}
