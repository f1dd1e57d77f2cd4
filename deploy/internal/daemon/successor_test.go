//go:build unix

package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// setHandover sets the environment as Replace does for the next program.
func setHandover(t *testing.T, file *os.File) {
	t.Helper()
	fd, err := unix.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(successorVariable, strconv.Itoa(fd))
}

func claimed(t *testing.T, f Folder) *Registration {
	t.Helper()
	r, err := f.Claim()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// held reports whether the folder is served.
func held(t *testing.T, f Folder) bool {
	t.Helper()
	is, err := isHeld(f.lockFile())
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// A claim passes to the next program with a state, any number of times, and the lock
// is held all the time.
func TestAClaimPassesToTheNextProgram(t *testing.T) {
	f := In(t.TempDir())
	r := claimed(t, f)
	for _, text := range []string{"a long first state", "short", ""} {
		if _, err := r.lock.WriteAt([]byte(text), 0); err != nil {
			t.Fatal(err)
		}
		setHandover(t, r.lock)
		next, state, err := f.Resume()
		if err != nil || next == nil || string(state) != text {
			t.Fatalf("resumed with %q, %v; want %q", state, err, text)
		}
		if _, some := os.LookupEnv(successorVariable); some {
			t.Error("children would inherit the variable of the lock")
		}
		if flags, err := unix.FcntlInt(next.lock.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("children would hold the lock: flags %x, %v", flags, err)
		}
		if err := r.Release(); err != nil {
			t.Fatal(err)
		}
		if !held(t, f) {
			t.Error("the folder is free")
		}
		r = next
	}
	if err := r.Release(); err != nil || held(t, f) {
		t.Errorf("released: %v, held %v", err, held(t, f))
	}
}

func TestAnotherDescriptorIsNotUsedAsTheLock(t *testing.T) {
	f := In(t.TempDir())
	r := claimed(t, f)
	defer r.Release()
	other, err := os.Create(filepath.Join(t.TempDir(), "other"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, value := range []string{"", "x", "-1", "999999", strconv.Itoa(int(other.Fd()))} {
		t.Run(value, func(t *testing.T) {
			t.Setenv(successorVariable, value)
			if next, _, err := f.Resume(); next != nil || err != nil {
				t.Errorf("%q: resumed %v, %v", value, next, err)
			}
		})
	}
	if _, err := other.WriteString("still open"); err != nil {
		t.Errorf("a file of another use was closed: %v", err)
	}
}

// A program that cannot be executed leaves the claim unchanged.
func TestAFailedReplaceDoesNotReleaseTheClaim(t *testing.T) {
	t.Parallel()
	f := In(t.TempDir())
	r := claimed(t, f)
	err := r.Replace(Command{Path: filepath.Join(t.TempDir(), "none")}, []byte("state"))
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "replace this program by ") {
		t.Errorf("error %v", err)
	}
	if flags, err := unix.FcntlInt(r.lock.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("children would hold the lock: flags %x, %v", flags, err)
	}
	if !held(t, f) {
		t.Error("the folder is free")
	}
	if err := r.Release(); err != nil {
		t.Error(err)
	}
}
