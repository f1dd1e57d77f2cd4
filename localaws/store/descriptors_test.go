//go:build unix

package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// descriptorsEnv makes the test binary run the part of a test that needs a separate
// process. Its value is the directory of the store.
const descriptorsEnv = "RELIABLEQ_STORE_WITHOUT_DESCRIPTORS"

// A process that has no free file descriptors for some time loses nothing, and its
// store accepts batches again afterwards.
func TestAStoreWaitsWhileThereAreNoDescriptors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestStoreInAProcessWithoutDescriptors$", "-test.v")
	cmd.Env = append(os.Environ(), descriptorsEnv+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "all batches are durable") {
		t.Fatalf("%v\n%s", err, out)
	}

	// All keys exist at the next start, in a process with descriptors.
	s := open(t, dir, Options{ballast: 1})
	defer s.Close()
	n := 0
	if err := s.Scan("t", "", func(string, []byte) error { n++; return nil }); err != nil || n != descriptorsBatches {
		t.Errorf("%d of %d keys exist, %v", n, descriptorsBatches, err)
	}
}

const descriptorsBatches = 60

// TestStoreInAProcessWithoutDescriptors is the child of the test above.
func TestStoreInAProcessWithoutDescriptors(t *testing.T) {
	dir := os.Getenv(descriptorsEnv)
	if dir == "" {
		t.Skip("run by TestAStoreWaitsWhileThereAreNoDescriptors")
	}
	few := syscall.Rlimit{Cur: 96, Max: 96}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, Options{ballast: 1})
	if err != nil {
		t.Fatal(err)
	}

	// Take every descriptor except those in the store's reserve.
	var taken []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		taken = append(taken, f)
	}
	t.Logf("%d descriptors are taken", len(taken))

	// Write far more than one log file holds, so that many files are opened.
	done := make(chan error, 1)
	go func() {
		value := make([]byte, 1<<20)
		for i := range descriptorsBatches {
			for j := range value {
				value[j] = byte(i * j)
			}
			b := s.Batch()
			b.Put("t", fmt.Sprint(i), value)
			if err := b.Apply().Wait(); err != nil {
				done <- fmt.Errorf("batch %d: %w", i, err)
				return
			}
		}
		done <- nil
	}()

	// Close them once the store has had time to run out.
	select {
	case err := <-done:
		t.Logf("the reserve was enough: %v", err)
		done <- err
	case <-time.After(3 * time.Second):
	}
	for _, f := range taken {
		f.Close()
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := s.Err(); err != nil {
		t.Fatalf("the store has failed: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	t.Log("all batches are durable")
}

// failing is a file system without free descriptors for a number of calls.
type failing struct {
	vfs.FS
	left int
	err  error
}

func (f *failing) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if f.left > 0 {
		f.left--
		return nil, &os.PathError{Op: "open", Path: name, Err: f.err}
	}
	return f.FS.Create(name, category)
}

func TestOnlyALackOfDescriptorsIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		left int
		want error
	}{
		"none for the process": {syscall.EMFILE, 5, nil},
		"none for the machine": {syscall.ENFILE, 5, nil},
		"a full disk":          {syscall.ENOSPC, 5, syscall.ENOSPC},
		"no permission":        {syscall.EACCES, 5, syscall.EACCES},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fs := newRetryFS(&failing{vfs.NewMem(), tt.left, tt.err}, 0, slog.New(slog.DiscardHandler))
			if _, err := fs.Create("f", vfs.WriteCategoryUnspecified); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestClosingEndsTheWaitForDescriptors(t *testing.T) {
	t.Parallel()
	fs := newRetryFS(&failing{vfs.NewMem(), 1 << 30, syscall.EMFILE}, 2, slog.New(slog.DiscardHandler))
	ended := make(chan error)
	go func() {
		_, err := fs.Create("f", vfs.WriteCategoryUnspecified)
		ended <- err
	}()
	fs.stop()
	if err := <-ended; !errors.Is(err, syscall.EMFILE) {
		t.Errorf("error %v, want EMFILE", err)
	}
	if fs.release() {
		t.Error("a descriptor is still in the reserve")
	}
}
