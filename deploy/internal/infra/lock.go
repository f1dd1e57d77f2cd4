package infra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/filelock"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/progress"
)

// lockWait is how long to wait for the tool of a command that was killed. The tool's
// supervisor ends it within this time.
const lockWait = 30 * time.Second

// lockFolder locks a deployment's folder until the file is closed, in this process and
// in the supervisor that inherits it. A tool that still runs after its command was
// killed therefore holds the lock.
func lockFolder(ctx context.Context, folder string, p *progress.Progress) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, hint.With(fmt.Errorf("lock the deployment: %w", err), "use a writable directory with --state-dir")
	}

	if err := waitForLock(ctx, f, p); err != nil {
		return nil, errors.Join(err, f.Close())
	}

	// Other runs read who holds the lock. On a full disk they do without.
	pid := strconv.Itoa(os.Getpid()) + "\n"
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(pid), 0)
	}
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		return nil, errors.Join(fmt.Errorf("lock the deployment: %w", err), f.Close())
	}

	return f, nil
}

// waitForLock locks f. It waits for a tool whose command has ended, but returns an
// error at once where another command is running.
func waitForLock(ctx context.Context, f *os.File, p *progress.Progress) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(lockWait)
	defer deadline.Stop()

	for first := true; ; first = false {
		// Try without blocking: who holds the lock decides whether to wait.
		err := filelock.Try(f)
		if err == nil {
			return nil
		}
		if !errors.Is(err, filelock.ErrHeld) {
			return fmt.Errorf("lock the deployment: %w", err)
		}

		// The command itself is still running: it may take minutes.
		if pid := holder(f); pid > 0 && isRunning(pid) {
			return hint.New(fmt.Sprintf("another run is working on this deployment (pid %d)", pid), "wait for it, or end it")
		}
		if first {
			p.Say("waiting for Terraform of an earlier run to end")
		}

		select {
		case <-tick.C:
		case <-deadline.C:
			return hint.New(fmt.Sprintf("%s is still locked, but the run that locked it has ended", f.Name()), "end the processes that have this file open")
		case <-ctx.Done():
			return fmt.Errorf("wait for the deployment's lock: %w", context.Cause(ctx))
		}
	}
}

// holder returns the process id in a lock file, or zero.
func holder(f *os.File) int {
	body, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(body)))
	if err != nil {
		return 0
	}
	return pid
}

// isRunning reports whether there is a process with the given id.
func isRunning(pid int) bool {
	process, err := os.FindProcess(pid)
	return err == nil && !errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
