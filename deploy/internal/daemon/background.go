package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

const (
	// pollInterval is the time between two checks whether another process serves.
	pollInterval = 25 * time.Millisecond
	// watchInterval is the time between two checks of Watch, which runs for minutes.
	watchInterval = 100 * time.Millisecond
)

// Command is a program that serves in the foreground. It must call Claim for the same
// directory, and Announce.
type Command struct {
	// Path is the program.
	Path string
	// Args are its arguments, without its name.
	Args []string
	// Dir is its working directory.
	Dir string
	// Env is its environment; nil means this process's.
	Env []string
}

// startError returns the error of a process that ended before it served.
func (f Folder) startError() error {
	reason, next := f.lastError()
	if reason == "" {
		reason = "it ended at once"
	}
	return hint.New("start the embedded AWS: "+reason, next)
}

// lastError returns why the process ended, and what to do. It looks for the last error
// and hint in the log. If the log has none, it reports a full disk, or else the end of
// the log.
func (f Folder) lastError() (reason, next string) {
	next = "its log is " + f.Log()
	body, err := os.ReadFile(f.Log())
	if err != nil {
		return fmt.Sprintf("its log cannot be read: %v", err), next
	}

	// Earlier errors may have been handled: the last one ended the process.
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "error: "); ok {
			reason = text
		} else if text, ok := strings.CutPrefix(line, "hint: "); ok {
			next = text
		}
	}

	// A full disk may have prevented the line itself.
	if reason == "" && diskFull(f.path) {
		return ErrFull.Error() + " with " + f.path, diskFullHint
	}
	if reason == "" {
		reason = string(bytes.TrimSpace(tail(body, 2000)))
	}
	return reason, next
}

// tail returns the end of body, at most n bytes, from the start of a line.
func tail(body []byte, n int) []byte {
	if len(body) <= n {
		return body
	}
	body = body[len(body)-n:]
	if i := bytes.IndexByte(body, '\n'); i >= 0 {
		return body[i+1:]
	}
	return body
}

// Stop ends the embedded AWS that serves this directory, and returns when it has
// ended. It kills one that has not ended when ctx ends, and waits for one that is
// starting. It never signals another process, even if the record has its id.
func (f Folder) Stop(ctx context.Context) (Info, error) {
	// SIGTERM lets the server store its state.
	info, process, err := f.serving(ctx)
	if err != nil {
		return info, err
	}
	if err := process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return info, fmt.Errorf("stop process %d: %w", info.PID, err)
	}

	lock, err := waitForLock(ctx, f.lockFile())
	if err == nil {
		return info, lock.Close()
	}

	// On some systems a handle is only a process id, which may belong to another process
	// by now.
	if processIdentity(info.PID) == info.Process {
		if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return info, fmt.Errorf("kill process %d: %w", info.PID, err)
		}
	}
	return info, hint.New(fmt.Sprintf("the embedded AWS (pid %d) did not end in time and was killed", info.PID), "see its log, "+f.Log())
}

// serving returns the process that serves this directory. It waits for a process that
// holds the lock and has no record yet, until ctx ends.
func (f Folder) serving(ctx context.Context) (Info, *os.Process, error) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		info, err := f.Running()
		if err == nil {
			process, err := os.FindProcess(info.PID)
			if err != nil {
				return info, nil, fmt.Errorf("find process %d: %w", info.PID, err)
			}
			// The id may have passed to another process before FindProcess.
			if processIdentity(info.PID) == info.Process {
				return info, process, nil
			}
			continue
		}
		if held, unknown := isHeld(f.lockFile()); unknown != nil || !held || !errors.Is(err, ErrNotRunning) {
			return Info{}, nil, err
		}

		select {
		case <-tick.C:
		case <-ctx.Done():
			return Info{}, nil, hint.New("an unknown process holds the lock "+f.lockFile(), "find it with lsof or fuser, and end it")
		}
	}
}

var (
	// ErrGone is the cause of a context of Watch after the embedded AWS ended.
	ErrGone = errors.New("the embedded AWS ended")
	// ErrFull is the cause of a context of Watch after the disk of the embedded AWS
	// became full. Clients would retry for minutes.
	ErrFull = errors.New("the disk is full")
)

// Watch returns a context that ends when the embedded AWS ends, with a cause that is
// ErrGone and names the process, or when its disk is full, with a cause that is
// ErrFull and names the directory.
func (f Folder) Watch(ctx context.Context, info Info) (context.Context, context.CancelFunc) {
	watched, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()

		for {
			select {
			case <-watched.Done():
				return
			case <-tick.C:
			}
			if err := f.checkServing(info); err != nil {
				cancel(err)
				return
			}
		}
	}()
	return watched, func() { cancel(context.Canceled) }
}

// checkServing returns why the embedded AWS of info can no longer serve, or nil: it has
// ended, or its disk is full.
func (f Folder) checkServing(info Info) error {
	if held, err := isHeld(f.lockFile()); err != nil || !held {
		return f.goneError(info)
	}
	for _, path := range []string{f.path, info.DataDir} {
		if path != "" && diskFull(path) {
			return hint.With(fmt.Errorf("%w with %s", ErrFull, path), diskFullHint)
		}
	}
	return nil
}

// goneError returns the error for a process that ended, with the reason if it is known.
func (f Folder) goneError(info Info) error {
	err := fmt.Errorf("%w unexpectedly (pid %d, %s)", ErrGone, info.PID, info.URL)
	reason, next := f.lastError()
	if own := "its log is " + f.Log(); next == own {
		next = "see its log, " + f.Log() + "; then run the same command again"
	} else {
		err = fmt.Errorf("%w: %s", err, reason)
		next += "; then run the same command again"
	}
	return hint.With(err, next)
}
