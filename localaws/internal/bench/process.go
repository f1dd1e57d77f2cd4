package main

import (
	"bufio"
	"context"
	"encoding/json"
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

// process is a server under measurement.
type process struct {
	cmd      *exec.Cmd
	addr     string // host and port
	id, key  string // credentials; empty for one that asks for none
	spawned  time.Time
	announce time.Duration // from exec to its word that it listens
}

// serve starts reliableq with a state folder and further arguments.
func serve(ctx context.Context, program, stateDir string, args ...string) (*process, error) {
	args = append([]string{"local", "run", "--listen", "127.0.0.1:0", "--state-dir", stateDir, "--log-level", "error"}, args...)
	p, err := spawn(ctx, exec.CommandContext(ctx, program, args...))
	if err != nil {
		return nil, err
	}
	said, err := exec.CommandContext(ctx, program, "env", "--json", "--state-dir", stateDir).Output()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ask for credentials: %w", err), p.stop())
	}
	var env struct {
		ID  string `json:"AWS_ACCESS_KEY_ID"`
		Key string `json:"AWS_SECRET_ACCESS_KEY"`
	}
	if err := json.Unmarshal(said, &env); err != nil {
		return nil, errors.Join(fmt.Errorf("read credentials: %w", err), p.stop())
	}
	p.id, p.key = env.ID, env.Key
	return p, nil
}

// spawn starts a server that says "listening on http://ADDR".
func spawn(ctx context.Context, cmd *exec.Cmd) (*process, error) {
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("connect to a server: %w", err)
	}
	p := &process{cmd: cmd, spawned: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a server: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	p.announce = time.Since(p.spawned)
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on http://")
	if err != nil || !ok {
		return nil, errors.Join(fmt.Errorf("start %s: it said %q: %w", cmd.Path, line, err), p.stop())
	}
	p.addr = addr
	return p, ctx.Err()
}

// stop ends the server as an operator would, and waits for it.
func (p *process) stop() error {
	if p.cmd.Process == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop a server: %w", err)
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("wait for a server: %w", err)
	}
	return nil
}

// url is the server's endpoint.
func (p *process) url() string { return "http://" + p.addr }

// tick is the unit of processor time in /proc: the kernel's USER_HZ, 100 on every
// architecture that Go runs on.
const tick = 10 * time.Millisecond

// cpu is the processor time that the server has used, its own and the kernel's
// for it (proc_pid_stat(5), fields 14 and 15).
func (p *process) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("read processor time: %d fields in /proc", len(fields))
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// memory is the server's resident memory in bytes.
func (p *process) memory() (float64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read resident memory: %w", err)
	}
	defer f.Close()
	for s := bufio.NewScanner(io.LimitReader(f, 1<<16)); s.Scan(); {
		if kib, ok := strings.CutPrefix(s.Text(), "VmRSS:"); ok {
			n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(kib), " kB"), 64)
			return n * 1024, err
		}
	}
	return 0, errors.New("read resident memory: no VmRSS in /proc")
}
