//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// osProcess is how a program is run on this system.
type osProcess = exec.Cmd

// Start runs a program. When it cannot be run, the error wraps the system's:
// fs.ErrPermission, syscall.ENOEXEC and the like.
func Start(spec Spec) (*Child, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the output: %w", err)
	}
	out, err := newOutput(r, spec.Output)
	if err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
	cmd := &exec.Cmd{Path: spec.Path, Args: []string{spec.Path}, Dir: spec.Dir, Env: spec.Env, Stdout: w, Stderr: w, SysProcAttr: attributes()}
	err = cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	c := &Child{cmd: cmd, output: out, done: make(chan struct{}), group: cmd.Process.Pid}
	limit(c.group)
	go c.wait()
	return c, nil
}

// wait ends with the program: it takes the rest of the output, also when some
// descendant that left the group still holds the pipe, and clears the group.
func (c *Child) wait() {
	_ = c.cmd.Wait() // its error is a text of the state
	c.state = c.cmd.ProcessState
	_ = syscall.Kill(-c.group, syscall.SIGKILL) // the group is empty already in most cases
	c.output.drain()
	c.output.close()
	close(c.done)
}

// signal sends to the whole group. A group that is gone is no error: the race
// between an end and a kill has no loser.
func (c *Child) signal(sig syscall.Signal) {
	select {
	case <-c.done:
	default:
		_ = syscall.Kill(-c.group, sig)
	}
}
