package atomicfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/reliableq/reliableq/internal/atomicfile"
)

func TestWriteReplacesAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "report.html")
	for _, body := range []string{"a longer first body", "second"} {
		t.Run(body, func(t *testing.T) {
			if err := atomicfile.Write(path, []byte(body)); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != body {
				t.Fatalf("%q, %v; want %q", got, err, body)
			}
		})
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("%v in the folder, %v", files, err)
	}
}

func TestFailedWriteKeepsTheOldFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "taken")
	if err := os.MkdirAll(filepath.Join(dir, "by a folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(dir, []byte("body")); err == nil {
		t.Error("a folder was replaced")
	}
	if files, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(files) != 1 {
		t.Errorf("%v are left, %v", files, err)
	}
	if err := atomicfile.Write(filepath.Join(dir, "missing", "file"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want the error of a missing folder", err)
	}
}
