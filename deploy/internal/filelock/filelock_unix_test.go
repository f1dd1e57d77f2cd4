//go:build unix

package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/filelock"
)

func TestLockExcludesOtherOpenFiles(t *testing.T) {
	// A process that another test forks would share the locks until its own exec.
	syscall.ForkLock.RLock()
	t.Cleanup(syscall.ForkLock.RUnlock)

	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}

	for _, tt := range []struct {
		name        string
		first, then func(*os.File) error
		want        error
	}{
		{"exclusive, exclusive", filelock.Try, filelock.Try, filelock.ErrHeld},
		{"exclusive, shared", filelock.Try, filelock.TryShared, filelock.ErrHeld},
		{"shared, exclusive", filelock.TryShared, filelock.Try, filelock.ErrHeld},
		{"shared, shared", filelock.TryShared, filelock.TryShared, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := open(), open()
			if err := tt.first(a); err != nil {
				t.Fatal(err)
			}
			if err := tt.then(b); !errors.Is(err, tt.want) {
				t.Errorf("while it is held: %v, want %v", err, tt.want)
			}
			a.Close()
			if err := tt.then(b); err != nil {
				t.Errorf("after it was released: %v", err)
			}
			b.Close()
		})
	}
}
