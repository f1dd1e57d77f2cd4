package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// interrupted is the exit code of the command after a signal.
const interrupted = 130

// server is the server under test.
type server struct {
	cmd   *exec.Cmd
	url   string
	id    string
	key   string
	ready time.Duration // from exec until it listened
}

// serve starts reliableq with a state folder and a data directory.
func serve(ctx context.Context, program, stateDir, dataDir string, log io.Writer) (*server, error) {
	cmd := exec.Command(program, "local", "run", "--listen", "127.0.0.1:0", "--state-dir", stateDir, "--data-dir", dataDir)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("connect to the server: %w", err)
	}

	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	s := &server{cmd: cmd}
	line, err := bufio.NewReader(out).ReadString('\n')
	s.ready = time.Since(begun)
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		return nil, errors.Join(fmt.Errorf("start the server: it printed %q: %w", line, err), s.kill())
	}
	s.url = url

	said, err := exec.CommandContext(ctx, program, "env", "--json", "--state-dir", stateDir).Output()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ask for credentials: %w", err), s.kill())
	}
	var env struct {
		ID  string `json:"AWS_ACCESS_KEY_ID"`
		Key string `json:"AWS_SECRET_ACCESS_KEY"`
	}
	if err := json.Unmarshal(said, &env); err != nil {
		return nil, errors.Join(fmt.Errorf("read credentials: %w", err), s.kill())
	}
	s.id, s.key = env.ID, env.Key
	return s, nil
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// stop ends the server with SIGTERM and returns how long that took.
func (s *server) stop() (time.Duration, error) {
	begun := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("stop the server: %w", err)
	}
	late := time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	err := s.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == interrupted {
		err = nil
	}
	if err != nil {
		return time.Since(begun), fmt.Errorf("stop the server: %w", err)
	}
	return time.Since(begun), nil
}

func (s *server) kill() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill the server: %w", err)
	}
	_ = s.cmd.Wait() // it was killed
	return nil
}
