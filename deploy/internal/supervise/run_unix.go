//go:build unix

package supervise

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// supervisorName is the os.Args[0] with which this binary runs as a supervisor.
const supervisorName = "reliableq-supervisor"

// pollInterval is the time between two checks whether a process group has ended.
const pollInterval = 25 * time.Millisecond

// Commands that this process writes into the lifeline.
const (
	interruptCommand = 'i'
	killCommand      = 'k'
)

// Run runs the program and returns when it and all its descendants have ended.
// When ctx ends, the program is interrupted, and killed after EndTimeout. The error
// is an *exec.ExitError when the program failed, and wraps ctx's error when ctx
// ended.
func Run(ctx context.Context, c Command) error {
	if err := ctx.Err(); err != nil {
		return err
	}

	self, err := executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}

	lifelineRead, lifeline, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	defer lifeline.Close()

	report, reportWrite, err := os.Pipe()
	if err != nil {
		lifelineRead.Close()
		return fmt.Errorf("make a pipe: %w", err)
	}

	defer report.Close()

	cmd := exec.Command(self)
	cmd.Args = append([]string{supervisorName, c.Path}, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = c.Env
	cmd.Stdout = c.Stdout
	cmd.Stderr = c.Stderr
	cmd.ExtraFiles = []*os.File{lifelineRead, reportWrite}
	if c.KeepOpen != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, c.KeepOpen)
	}

	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	err = cmd.Start()
	lifelineRead.Close()
	reportWrite.Close()
	if err != nil {
		return fmt.Errorf("start %s: %w", c.Path, err)
	}

	ended := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stopWithContext(ctx, lifeline, c.EndTimeout, ended)
	}()

	group := make(chan int, 1)
	go func() { group <- readGroup(report) }()

	err = cmd.Wait()
	close(ended)
	<-stopped
	if pgid := <-group; pgid > 0 && killedBySignal(err) {
		endGroup(pgid, c.EndTimeout) // the supervisor itself was killed
	}
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}

	return err
}

// stopWithContext tells the supervisor to interrupt the program when ctx ends, and to
// kill it if it has not ended after timeout.
func stopWithContext(ctx context.Context, lifeline io.Writer, timeout time.Duration, ended <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-ended:
		return
	}

	if _, err := lifeline.Write([]byte{interruptCommand}); err != nil {
		return // the supervisor has ended
	}

	timer := time.NewTimer(timeout)
	defer timer.Stop()

	select {
	case <-timer.C:
	case <-ended:
		return
	}

	// An error means that the supervisor has ended: there is nothing to kill.
	_, _ = lifeline.Write([]byte{killCommand})
}

// endGroup interrupts a process group, and kills it if it has not ended after timeout.
func endGroup(pgid int, timeout time.Duration) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()

	// Only the leader: it ends the others itself.
	err := syscall.Kill(pgid, syscall.SIGINT)
	for {
		// The leader has ended, or the time is over: kill what is left. Another error means that
		// nothing is.
		if err != nil {
			_ = syscall.Kill(-pgid, syscall.SIGKILL)
			return
		}

		select {
		case <-tick.C:
			err = syscall.Kill(pgid, 0)
		case <-timer.C:
			err = os.ErrDeadlineExceeded
		}
	}
}

// readGroup returns the program's process group from the supervisor's report, or zero if
// the program was not started.
func readGroup(report io.Reader) int {
	line, err := bufio.NewReader(report).ReadString('\n')
	if err != nil {
		return 0
	}
	pgid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0
	}
	return pgid
}

// killedBySignal reports whether a signal that a process did not handle ended it.
func killedBySignal(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}
