package daemon

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/deploy/internal/filelock"
	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// preventForks prevents other tests from forking until the test ends: a child shares the
// locks of this process until its exec.
func preventForks(t *testing.T) {
	t.Helper()
	syscall.ForkLock.RLock()
	t.Cleanup(syscall.ForkLock.RUnlock)
}

func TestALockIsHeldOnce(t *testing.T) {
	t.Parallel()
	preventForks(t)
	path := filepath.Join(t.TempDir(), "lock")
	if held, err := isHeld(path); err != nil || held {
		t.Errorf("before the lock exists: %v, %v", held, err)
	}
	first, err := tryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tryLock(path); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("a second hold: %v", err)
	}
	if held, err := isHeld(path); err != nil || !held {
		t.Errorf("while it is held: %v, %v", held, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if held, err := isHeld(path); err != nil || held {
		t.Errorf("after its release: %v, %v", held, err)
	}
	again, err := tryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestAWaiterGetsTheLockWhenItIsReleased(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := tryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := waitForLock(ended, path); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled wait: %v", err)
	}
	var inside sync.Mutex
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			f, err := waitForLock(shortContext(t), path)
			if err != nil {
				t.Error(err)
				return
			}
			if !inside.TryLock() {
				t.Error("two have the lock at the same time")
				return
			}
			inside.Unlock()
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	group.Wait()
}

func TestALockThatCannotBeMadeIsAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "no folder", "lock")
	if _, err := tryLock(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("hold: %v", err)
	}
	if held, err := isHeld(t.TempDir()); err == nil || held {
		t.Errorf("a folder: %v, %v", held, err)
	}
	if _, err := In(path).Running(); !errors.Is(err, ErrNotRunning) {
		t.Errorf("running: %v", err)
	}
}

func TestManyStartsAtOnceStartOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := In(dir)
	command := self(t, dir)
	var mu sync.Mutex
	var group sync.WaitGroup
	pids, starts := map[int]bool{}, 0
	for range 5 {
		group.Go(func() {
			info, started, err := f.Start(shortContext(t), command)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
				return
			}
			pids[info.PID] = true
			if started {
				starts++
			}
		})
	}
	group.Wait()
	if len(pids) != 1 || starts != 1 {
		t.Errorf("%d starts of processes %v", starts, pids)
	}
	if _, err := f.Stop(shortContext(t)); err != nil {
		t.Error(err)
	}
}

// startUnstoppable starts a process that serves a folder and ignores a request to stop.
func startUnstoppable(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	command := self(t, dir)
	cmd := exec.Command(command.Path, command.Args...)
	cmd.Env = append(os.Environ(), "DAEMON_TEST_STUBBORN=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var line [8]byte
	if _, err := out.Read(line[:]); err != nil { // it prints a line when it serves
		t.Fatal(err)
	}
	return cmd
}

func TestStopKillsAServerThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := startUnstoppable(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := In(dir).Stop(ctx)
	if err == nil || !strings.Contains(err.Error(), "did not end in time and was killed") || !strings.Contains(hint.Of(err), "embedded.log") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("it ended with %v", err)
	}
}

func TestACanceledStartLeavesNoProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	command := self(t, dir)
	command.Args = []string{"idle", dir} // it never serves
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := In(dir).Start(ctx, command); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if _, err := In(dir).Running(); !errors.Is(err, ErrNotRunning) {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAProgramThatCannotBeRunIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, _, err := In(dir).Start(shortContext(t), Command{Path: filepath.Join(dir, "nothing")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestTheLogOfTheLastStartIsRenamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := In(dir)
	command := self(t, dir)
	for _, line := range []string{"first", "second"} {
		command.Env = append(os.Environ(), "DAEMON_TEST_FAIL="+line)
		if _, _, err := f.Start(shortContext(t), command); err == nil {
			t.Fatal("it started")
		}
	}
	for path, want := range map[string]string{f.Log(): "second\n", f.Log() + ".old": "first\n"} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if body, err := os.ReadFile(path); err != nil || string(body) != want {
				t.Errorf("%s: %q, %v", path, body, err)
			}
		})
	}
}

// The end of a text has at most the requested length, and begins with a line.
func TestTheEndOfALogBeginsWithALine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.StringMatching(`[a-z]{0,9}`)).Draw(t, "lines")
		body := []byte(strings.Join(lines, "\n"))
		n := rapid.IntRange(1, 40).Draw(t, "n")
		end := tail(body, n)
		if len(end) > n || !strings.HasSuffix(string(body), string(end)) {
			t.Fatalf("%q of %q", end, body)
		}
		if before := string(body[:len(body)-len(end)]); len(body) <= n && before != "" {
			t.Fatalf("%q is cut although %q fits", before, body)
		} else if before != "" && strings.Contains(before[max(0, len(body)-n):], "\n") && !strings.HasSuffix(before, "\n") {
			t.Fatalf("%q of %q begins within a line", end, body)
		}
	})
}

func TestMemoryOfAProcess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/status"); err == nil {
		if m := Memory(os.Getpid()); m < 1<<20 || m > 64<<30 {
			t.Errorf("%d bytes", m)
		}
	}
	if m := Memory(-1); m != 0 {
		t.Errorf("%d bytes of a missing process", m)
	}
}

func TestRunningErrorNamesTheServer(t *testing.T) {
	t.Parallel()
	err := &RunningError{Info{PID: 7, URL: "http://h:1"}}
	if got := err.Error(); got != "an embedded AWS is already running: pid 7 at http://h:1" {
		t.Errorf("%q", got)
	}
}
