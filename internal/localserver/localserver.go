// Package localserver runs the command reliableq as a server in a process of its own,
// for programs that measure the embedded AWS from outside.
package localserver

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	// exitInterrupted is the exit code of the command after a signal.
	exitInterrupted = 130
	// stopTimeout is how long a server may take to stop before it is killed.
	stopTimeout = time.Minute
)

// Server is a running server. End it with Stop or Kill.
type Server struct {
	// Addr is its address, host and port.
	Addr string
	// AccessKeyID is the id of a key with all permissions. It is empty for a server
	// that checks no signatures.
	AccessKeyID string
	// SecretAccessKey belongs to AccessKeyID.
	SecretAccessKey string
	// Started is the time just before the process was started.
	Started time.Time
	// Ready is the time from then until it listened.
	Ready time.Duration

	cmd *exec.Cmd
}

// Start starts `reliableq local run` with a state folder and further arguments, waits until
// it listens, and reads its credentials. program is the path of the command. log receives what it writes to
// standard error.
func Start(ctx context.Context, program, stateDir string, log io.Writer, args ...string) (*Server, error) {
	args = append([]string{"local", "run", "--listen", "127.0.0.1:0", "--state-dir", stateDir}, args...)
	s, err := StartCommand(exec.CommandContext(ctx, program, args...), log)
	if err != nil {
		return nil, err
	}

	// Read the credentials, which the server has written to the state folder.
	out, err := exec.CommandContext(ctx, program, "env", "--json", "--state-dir", stateDir).Output()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the credentials of the server: %w", err), s.Kill())
	}
	var env struct {
		ID  string `json:"AWS_ACCESS_KEY_ID"`
		Key string `json:"AWS_SECRET_ACCESS_KEY"`
	}
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, errors.Join(fmt.Errorf("read the credentials of the server: %w", err), s.Kill())
	}
	s.AccessKeyID = env.ID
	s.SecretAccessKey = env.Key
	return s, nil
}

// StartCommand starts a server that prints "listening on http://ADDR", and waits for that line.
// When the context of cmd ends, the server is stopped.
func StartCommand(cmd *exec.Cmd, log io.Writer) (*Server, error) {
	cmd.Stderr = log
	if cmd.Cancel != nil { // it has a context
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("connect to the server: %w", err)
	}

	// Start the process, and wait until it listens.
	s := &Server{cmd: cmd, Started: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	s.Ready = time.Since(s.Started)
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on http://")
	if err != nil || !ok {
		return nil, errors.Join(fmt.Errorf("start %s: it printed %q: %w", cmd.Path, line, err), s.Kill())
	}
	s.Addr = addr
	return s, nil
}

// URL returns the server's endpoint.
func (s *Server) URL() string { return "http://" + s.Addr }

// PID returns the server's process id.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Stop ends the server with SIGTERM, as an operator does, and returns how long that
// took. It kills a server that takes more than a minute.
func (s *Server) Stop() (time.Duration, error) {
	begin := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, fmt.Errorf("stop the server: %w", err)
	}

	// The command's exit code after a signal is no error.
	killTimer := time.AfterFunc(stopTimeout, func() { _ = s.cmd.Process.Kill() }) // fails if it has ended
	defer killTimer.Stop()
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitInterrupted {
		err = nil
	}
	if err != nil {
		return time.Since(begin), fmt.Errorf("stop the server: %w", err)
	}
	return time.Since(begin), nil
}

// Kill kills the server with SIGKILL.
func (s *Server) Kill() error {
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the server: %w", err)
	}
	_ = s.cmd.Wait() // it was killed
	return nil
}
