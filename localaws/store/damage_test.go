package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

func newRNG(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func TestASecondServerIsRefusedWithTheProcessIDOfTheFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, Options{})
	_, err := Open(dir, Options{})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("second open: %v, want ErrLocked with this process's id", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, Options{}).Close()
}

// filled creates a store with two tables on disk: one in a table file, one only in the
// log, as after kill -9.
func filled(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	small := Options{ballast: 1}
	s := open(t, dir, small)
	put(t, s, "old", 2000)
	s.Close()
	s = open(t, dir, small)
	put(t, s, "new", 2000)
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	return copied
}

func put(t *testing.T, s *Store, table Table, n int) {
	t.Helper()
	for i := range n / 10 {
		b := s.Batch()
		for j := range 10 {
			b.Put(table, fmt.Sprintf("%05d", i*10+j), []byte(strings.Repeat("v", 100)))
		}
		commit(t, b)
	}
}

// readAll opens a store and returns the number of keys in it.
func readAll(dir string) (n int, err error) {
	s, err := Open(dir, Options{ballast: 1})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	for _, table := range []Table{"old", "new"} {
		err = errors.Join(err, s.Scan(table, "", func(string, []byte) error { n++; return nil }))
	}
	return n, err
}

func TestDamageIsReportedAndNeverReadInPart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, dir string)
	}{
		{"NewerFormat", func(t *testing.T, dir string) { write(t, dir+"/data/FORMAT", []byte("reliableq store 2\n")) }},
		{"NoFormat", func(t *testing.T, dir string) { remove(t, dir+"/data/FORMAT") }},
		{"NoTree", func(t *testing.T, dir string) { remove(t, dir+"/data/tree") }},
		{"NoTables", func(t *testing.T, dir string) { remove(t, newest(t, dir, "*.sst")) }},
		{"NoManifest", func(t *testing.T, dir string) { remove(t, newest(t, dir, "MANIFEST-*")) }},
		{"CutTable", func(t *testing.T, dir string) { cut(t, newest(t, dir, "*.sst"), 0.5) }},
		{"NoManifestMarker", func(t *testing.T, dir string) { remove(t, newest(t, dir, "marker.manifest.*")) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filled(t)
			tt.damage(t, dir)
			n, err := readAll(dir)
			if err == nil {
				t.Errorf("opened and read %d keys of 4000 without an error", n)
			}
		})
	}
}

// Whichever byte is wrong, Open fails, or the byte has no effect and everything is
// read. It never reads only a part.
func TestAFlippedByteIsReportedOrHasNoEffect(t *testing.T) {
	t.Parallel()
	original := filled(t)
	for _, file := range []string{"*.sst", "*.log", "MANIFEST-*"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			reported := 0
			for at := 0.02; at < 1; at += 0.07 {
				dir := t.TempDir()
				if err := os.CopyFS(dir, os.DirFS(original)); err != nil {
					t.Fatal(err)
				}
				flip(t, newest(t, dir, file), at)
				n, err := readAll(dir)
				if err != nil {
					reported++
				} else if n != 4000 {
					t.Errorf("byte at %.0f %% flipped: read %d keys of 4000 without an error", at*100, n)
				}
			}
			if reported < 5 {
				t.Errorf("only %d of 14 flipped bytes were reported", reported)
			}
		})
	}
}

func TestATornEndOfTheLogIsNotDamage(t *testing.T) {
	t.Parallel()
	dir := filled(t)
	log := newest(t, dir, "*.log")
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	write(t, log, b[:len(b)-150]) // in the middle of the last batch
	n, err := readAll(dir)
	if err != nil || n != 3990 {
		t.Errorf("read %d keys, %v; want 3990: all but the torn batch of ten", n, err)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// newest returns the last file of the tree, by name, that matches the pattern.
func newest(t *testing.T, dir, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "data", "tree", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	return names[len(names)-1]
}

// flip inverts a byte at a share of the file's length.
func flip(t *testing.T, path string, at float64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[int(float64(len(b))*at)] ^= 0xff
	write(t, path, b)
}

func cut(t *testing.T, path string, at float64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, b[:int(float64(len(b))*at)])
}

// faults makes operations on the tree's files fail once on is set.
type faults struct {
	on   atomic.Bool
	fail func(errorfs.Op) error
}

func (f *faults) MaybeError(op errorfs.Op) error {
	if f.on.Load() {
		return f.fail(op)
	}
	return nil
}

func (f *faults) String() string { return "faults" }

func TestFailingDiskAcknowledgesNothingItLoses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		fail func(fs vfs.FS) func(errorfs.Op) error
	}{
		{"FullUntilTheReserveIsGivenUp", func(fs vfs.FS) func(errorfs.Op) error {
			return func(op errorfs.Op) error {
				if _, err := fs.Stat("store/" + ballastFile); err == nil && op.Kind == errorfs.OpFileWrite {
					return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
				}
				return nil
			}
		}},
		{"FullForGood", func(vfs.FS) func(errorfs.Op) error {
			return func(op errorfs.Op) error {
				if op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpCreate {
					return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
				}
				return nil
			}
		}},
		{"SyncFails", func(vfs.FS) func(errorfs.Op) error {
			return func(op errorfs.Op) error {
				if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo {
					return syscall.EIO
				}
				return nil
			}
		}},
		{"EverythingFails", func(vfs.FS) func(errorfs.Op) error {
			return func(op errorfs.Op) error {
				if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
					return syscall.EIO
				}
				return nil
			}
		}},
	} {
		for _, after := range []int{0, 100, 5000} {
			t.Run(fmt.Sprintf("%s/after=%d", tt.name, after), func(t *testing.T) {
				t.Parallel()
				memory := vfs.NewCrashableMem()
				f := &faults{fail: tt.fail(memory)}
				runOnFailingDisk(t, memory, f, after)
			})
		}
	}
}

// runOnFailingDisk writes until the store refuses batches, and checks after a loss of
// power that every acknowledged batch exists.
func runOnFailingDisk(t *testing.T, memory *vfs.MemFS, f *faults, after int) {
	s := open(t, "store", Options{FS: errorfs.Wrap(memory, f), ballast: 1})
	acknowledged, failed := 0, false
	for i := range 40_000 {
		if i == after {
			f.on.Store(true)
		}
		b := s.Batch()
		b.Put("a", fmt.Sprintf("%06d", i), make([]byte, 500))
		err := b.Apply().Wait()
		switch {
		case err == nil && failed:
			t.Fatalf("batch %d was acknowledged after one was refused", i)
		case err == nil:
			acknowledged++
		case s.Err() == nil:
			t.Fatalf("batch %d was refused although the store has not failed: %v", i, err)
		default:
			failed = true
		}
		if failed && i > after+50 {
			break
		}
	}
	if !failed || acknowledged < after {
		t.Fatalf("%d batches acknowledged, the disk failed after %d; refused: %v", acknowledged, after, failed)
	}
	crashed := memory.CrashClone(vfs.CrashCloneCfg{})
	s.Close() // may fail
	f.on.Store(false)
	s = open(t, "store", Options{FS: crashed, ballast: 1})
	defer s.Close()
	if got := len(all(t, s, "a", "")); got < acknowledged {
		t.Errorf("%d batches acknowledged, %d found", acknowledged, got)
	}
}

func TestOpenFailsWithoutSpaceForTheBallast(t *testing.T) {
	t.Parallel()
	memory := vfs.NewMem()
	f := &faults{fail: func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileWrite && strings.HasSuffix(op.Path, ballastFile) {
			return syscall.ENOSPC
		}
		return nil
	}}
	f.on.Store(true)
	_, err := Open("store", Options{FS: errorfs.Wrap(memory, f)})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "reserve 16 MB of disk space") {
		t.Errorf("Open returned %v, want ENOSPC for the reserve", err)
	}
}
