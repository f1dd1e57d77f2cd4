//go:build unix

package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// Start runs c in the background, in a session of its own, and returns when it serves.
// Where an embedded AWS already serves the directory, Start returns that one and
// started is false.
func (f Folder) Start(ctx context.Context, c Command) (info Info, started bool, err error) {
	if err := f.Make(); err != nil {
		return Info{}, false, err
	}
	lock, err := waitForLock(ctx, f.startLock())
	if err != nil {
		return Info{}, false, fmt.Errorf("wait for another start: %w", err)
	}
	defer lock.Close()
	info, err = f.Running()
	if err == nil || !errors.Is(err, ErrNotRunning) {
		return info, false, err
	}
	info, err = f.launch(ctx, c)
	return info, err == nil, err
}

func (f Folder) launch(ctx context.Context, c Command) (Info, error) {
	if err := os.Rename(f.Log(), f.Log()+".old"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return Info{}, fmt.Errorf("put the old log aside: %w", err)
	}
	log, err := os.OpenFile(f.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return Info{}, hint.With(fmt.Errorf("open the log: %w", err), "choose a folder that you may write to with --state-dir")
	}
	defer log.Close()

	// The embedded AWS outlives this command: it must not hold open what a shell has
	// passed on, such as the pipe of a CI job that waits for its end.
	if err := process.CloseInheritedOnExec(); err != nil {
		return Info{}, fmt.Errorf("start the embedded AWS: %w", err)
	}
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = c.Env
	cmd.Stdout = log
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return Info{}, fmt.Errorf("start the embedded AWS: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			info, err := f.Running()
			if err == nil && info.PID == cmd.Process.Pid {
				return info, nil
			}
		case <-ended:
			return Info{}, f.startError()
		case <-ctx.Done():
			return Info{}, errors.Join(fmt.Errorf("start the embedded AWS: %w", ctx.Err()), cmd.Process.Signal(syscall.SIGTERM))
		}
	}
}
