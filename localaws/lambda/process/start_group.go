//go:build unix && !linux

package process

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
)

// system is a process group, with the command that is its leader.
type system struct{ cmd *exec.Cmd }

// Detect returns Shared: this system has no namespaces.
func Detect() (Isolation, error) {
	return Shared, errors.New("only Linux has namespaces")
}

// Start runs a program. When the program cannot be executed, the error wraps the
// system's: fs.ErrPermission, syscall.ENOEXEC and the like.
func Start(spec Spec) (*Child, error) {
	if err := CloseInheritedOnExec(); err != nil {
		return nil, err
	}

	// Make the pipe for the program's output.
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the output: %w", err)
	}

	out, err := newOutput(r, spec.Output)
	if err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}

	// Start the program as the leader of a process group.
	cmd := &exec.Cmd{
		Path:        spec.Path,
		Args:        []string{spec.Path},
		Dir:         spec.Dir,
		Env:         spec.Env,
		Stdout:      w,
		Stderr:      w,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}

	err = cmd.Start()
	_ = w.Close() // nothing was written
	if err != nil {
		out.close()
		return nil, err
	}

	c := &Child{
		system: system{cmd},
		output: out,
		done:   make(chan struct{}),
	}

	go c.wait()
	return c, nil
}

// wait waits for the program's end, kills what is left of its group, and passes on the
// rest of the output. A descendant that left the group may still have the pipe open,
// and is not waited for.
func (c *Child) wait() {
	_ = c.system.cmd.Wait() // the process state has the same
	state := c.system.cmd.ProcessState
	c.how = state.String()
	c.cleanExit = state.Success()

	_ = syscall.Kill(-c.PID(), syscall.SIGKILL) // fails if the group is empty
	c.output.drain()
	c.output.close()
	close(c.done)
}

// PID returns the process id of the program, which is the id of its group as well.
func (c *Child) PID() int { return c.system.cmd.Process.Pid }

// signal sends a signal to the group, if it still exists.
func (c *Child) signal(sig syscall.Signal) {
	if !c.ended() {
		_ = syscall.Kill(-c.PID(), sig) // fails if the group has just ended
	}
}

// Terminate sends SIGTERM to the group.
func (c *Child) Terminate() { c.signal(syscall.SIGTERM) }

// Kill kills the group, and waits until its leader has ended.
func (c *Child) Kill() {
	c.signal(syscall.SIGKILL)
	<-c.done
}

// Pause does nothing: a stopped child would stay stopped if the server were killed.
func (c *Child) Pause() {}

// Resume does nothing.
func (c *Child) Resume() {}

// Memory returns 0: reading the memory of another process is expensive on this system.
func (c *Child) Memory() int64 { return 0 }

// Connected returns true: this system does not report the owner of a socket.
func (c *Child) Connected(_, _ netip.AddrPort) (bool, error) { return true, nil }
