//go:build unix

package supervise

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// grace is how long the program may take to end after the supervisor's parent was
// killed. Terraform needs well under a second to write its state.
const grace = 15 * time.Second

// Descriptors that the supervisor inherits.
const (
	lifelineFD = 3
	reportFD   = 4
)

// Exit codes as a shell has them: for a program that could not be started, and, with the
// signal's number added, for one that a signal ended.
const (
	exitNotStarted = 127
	exitSignal     = 128
)

// Main runs the supervisor and exits, if this process was started as one. It must be
// called first in main, and in TestMain of tests that run programs.
func Main() {
	if len(os.Args) < 2 || os.Args[0] != supervisorName {
		return
	}
	os.Exit(supervise(os.Args[1], os.Args[2:]))
}

// supervise runs the program to its end, or until the lifeline closes, and returns
// the program's exit code.
func supervise(path string, args []string) int {
	// The kernel signals the program when the thread that started it ends (Pdeathsig in
	// attributes): stay on this thread.
	runtime.LockOSThread()
	becomeSubreaper()

	// Catch SIGPIPE too: after the parent was killed, writing output fails, which must not
	// end the supervisor before the program.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)

	// The program must not inherit these files: the lifeline would stay open.
	syscall.CloseOnExec(lifelineFD)
	syscall.CloseOnExec(reportFD)
	lifeline := os.NewFile(lifelineFD, "lifeline")
	report := os.NewFile(reportFD, "report")

	// Output goes through pipes of the supervisor, which outlive the parent.
	out, err := forward(os.Stdout)
	if err != nil {
		return notStarted(path, err)
	}

	errs, err := forward(os.Stderr)
	if err != nil {
		return notStarted(path, err)
	}

	cmd := exec.Command(path, args...)
	cmd.Stdout = out.pipe
	cmd.Stderr = errs.pipe
	cmd.SysProcAttr = attributes()
	if err := cmd.Start(); err != nil {
		return notStarted(path, err)
	}

	out.pipe.Close()
	errs.pipe.Close()

	// The parent needs the process group in case the supervisor itself is killed.
	fmt.Fprintln(report, cmd.Process.Pid)
	report.Close()

	p := &program{pid: cmd.Process.Pid}
	go p.followLifeline(lifeline)
	go func() {
		for s := range signals {
			if s != syscall.SIGPIPE {
				p.interrupt()
			}
		}
	}()

	// No descendant may outlive the program.
	err = cmd.Wait()
	p.killAll()
	killDescendants()
	out.wait()
	errs.wait()
	return exitCode(path, err)
}

// notStarted reports an error, and returns the exit code for it.
func notStarted(path string, err error) int {
	fmt.Fprintf(os.Stderr, "start %s: %v\n", path, err)
	return exitNotStarted
}

// exitCode returns the exit code for a program that ended with err.
func exitCode(path string, err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		fmt.Fprintf(os.Stderr, "wait for %s: %v\n", path, err)
		return 1
	}

	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		fmt.Fprintf(os.Stderr, "%s was ended by a signal: %v\n", path, status.Signal())
		return exitSignal + int(status.Signal())
	}

	return exit.ExitCode()
}

// program is the supervised program; its process group has its pid.
type program struct {
	pid         int
	interrupted sync.Once
}

// interrupt sends the program one SIGINT, even if it is called again: after a second one,
// Terraform ends without writing its state.
func (p *program) interrupt() {
	p.interrupted.Do(func() {
		// An error means that the program has ended.
		_ = syscall.Kill(p.pid, syscall.SIGINT)
	})
}

// killAll kills the program's process group.
func (p *program) killAll() {
	// An error means that no process of the group is left.
	_ = syscall.Kill(-p.pid, syscall.SIGKILL)
}

// followLifeline executes the commands from the lifeline. When the lifeline closes, it
// interrupts the program, and kills it after grace.
func (p *program) followLifeline(lifeline io.Reader) {
	command := make([]byte, 1)
	for {
		if _, err := lifeline.Read(command); err != nil {
			p.interrupt()
			time.AfterFunc(grace, p.killAll)
			return
		}

		switch command[0] {
		case interruptCommand:
			p.interrupt()
		case killCommand:
			p.killAll()
		}
	}
}

// stream forwards what the program prints. It still reads after writing has failed:
// a closed pipe would end the program.
type stream struct {
	pipe *os.File // the program's end
	done chan struct{}
}

// forward returns a stream to a writer.
func forward(to io.Writer) (stream, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return stream{}, fmt.Errorf("make a pipe: %w", err)
	}

	s := stream{pipe: w, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		defer r.Close()

		// Nobody reads the output any longer, but a full pipe would block the program before it
		// has written its state. A second error means that the program has closed the pipe.
		if _, err := io.Copy(to, r); err != nil {
			_, _ = io.Copy(io.Discard, r)
		}
	}()

	return s, nil
}

// wait returns when all output is forwarded.
func (s stream) wait() { <-s.done }
