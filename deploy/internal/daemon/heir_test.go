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

// handedOn sets the environment as Become does for the program after it.
func handedOn(t *testing.T, file *os.File) {
	t.Helper()
	fd, err := unix.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(heirVariable, strconv.Itoa(fd))
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
	is, err := isHeld(f.alive())
	if err != nil {
		t.Fatal(err)
	}
	return is
}

// A claim is handed on with a will, as often as need be, and the folder is never
// free in between.
func TestAClaimIsHandedOn(t *testing.T) {
	f := In(t.TempDir())
	r := claimed(t, f)
	for _, text := range []string{"a long first will", "short", ""} {
		if _, err := r.lock.WriteAt([]byte(text), 0); err != nil {
			t.Fatal(err)
		}
		handedOn(t, r.lock)
		heir, will, err := f.Inherit()
		if err != nil || heir == nil || string(will) != text {
			t.Fatalf("inherited %q, %v; want %q", will, err, text)
		}
		if _, some := os.LookupEnv(heirVariable); some {
			t.Error("children would take themselves for heirs")
		}
		if flags, err := unix.FcntlInt(heir.lock.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("children would hold the lock: flags %x, %v", flags, err)
		}
		if err := r.Release(); err != nil {
			t.Fatal(err)
		}
		if !held(t, f) {
			t.Error("the folder is free")
		}
		r = heir
	}
	if err := r.Release(); err != nil || held(t, f) {
		t.Errorf("released: %v, held %v", err, held(t, f))
	}
}

func TestWhatIsNoLockIsNotInherited(t *testing.T) {
	f := In(t.TempDir())
	r := claimed(t, f)
	defer r.Release()
	other, err := os.Create(filepath.Join(t.TempDir(), "other"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, value := range []string{"", "x", "-1", "999999", strconv.Itoa(int(other.Fd()))} {
		t.Setenv(heirVariable, value)
		if heir, _, err := f.Inherit(); heir != nil || err != nil {
			t.Errorf("%q: inherited %v, %v", value, heir, err)
		}
	}
	if _, err := other.WriteString("still open"); err != nil {
		t.Errorf("a file of somebody else's was closed: %v", err)
	}
}

// A program that cannot be become leaves everything as it was.
func TestAFailedSuccessionKeepsTheClaim(t *testing.T) {
	t.Parallel()
	f := In(t.TempDir())
	r := claimed(t, f)
	err := r.Become(Command{Path: filepath.Join(t.TempDir(), "none")}, []byte("will"))
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "become ") {
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
