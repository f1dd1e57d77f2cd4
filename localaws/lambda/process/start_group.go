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

// system is a process group and its leader.
type system struct{ cmd *exec.Cmd }

// Detect returns Shared: this system has no namespaces.
func Detect() (Isolation, error) {
	return Shared, errors.New("only Linux has namespaces")
}

// Start runs a program. When it cannot be run, the error wraps the system's:
// fs.ErrPermission, syscall.ENOEXEC and the like.
func Start(spec Spec) (*Child, error) {
	if err := CloseInheritedOnExec(); err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the output: %w", err)
	}
	out, err := newOutput(r, spec.Output)
	if err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
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
	w.Close()
	if err != nil {
		out.close()
		return nil, err
	}
	c := &Child{system: system{cmd}, output: out, done: make(chan struct{})}
	go c.wait()
	return c, nil
}

// wait ends with the program: it takes the rest of the output, also when some
// descendant that left the group still holds the pipe, and clears the group.
func (c *Child) wait() {
	_ = c.system.cmd.Wait() // its error is a text of the state
	state := c.system.cmd.ProcessState
	c.how, c.ok = state.String(), state.Success()
	_ = syscall.Kill(-c.PID(), syscall.SIGKILL) // the group is empty already in most cases
	c.output.drain()
	c.output.close()
	close(c.done)
}

// PID is the process id, which is that of its group as well.
func (c *Child) PID() int { return c.system.cmd.Process.Pid }

// signal sends to the whole group. A group that is gone is no error.
func (c *Child) signal(sig syscall.Signal) {
	if !c.ended() {
		_ = syscall.Kill(-c.PID(), sig)
	}
}

// Terminate asks the group to end (SIGTERM).
func (c *Child) Terminate() { c.signal(syscall.SIGTERM) }

// Kill ends the group and waits until its leader is gone.
func (c *Child) Kill() {
	c.signal(syscall.SIGKILL)
	<-c.done
}

// Pause does nothing where a stopped child would stay for ever if the server
// were killed.
func (c *Child) Pause() {}

// Resume does nothing where nothing is paused.
func (c *Child) Resume() {}

// Memory is zero: this system does not tell cheaply what another process holds.
func (c *Child) Memory() int64 { return 0 }

// Connected reports true: this system does not tell whose a socket is.
func (c *Child) Connected(_, _ netip.AddrPort) (bool, error) { return true, nil }
