package main

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
	"time"

	"github.com/reliableq/reliableq/internal/localserver"
)

// process is a server under measurement.
type process struct{ *localserver.Server }

// serve starts reliableq with a state folder and further arguments.
func serve(ctx context.Context, program, stateDir string, args ...string) (*process, error) {
	args = append([]string{"--log-level", "error"}, args...)
	s, err := localserver.Start(ctx, program, stateDir, os.Stderr, args...)
	if err != nil {
		return nil, err
	}
	return &process{s}, nil
}

// spawn starts a server that prints "listening on http://ADDR".
func spawn(cmd *exec.Cmd) (*process, error) {
	s, err := localserver.StartCommand(cmd, os.Stderr)
	if err != nil {
		return nil, err
	}
	return &process{s}, nil
}

// stop ends the server.
func (p *process) stop() error {
	_, err := p.Stop()
	return err
}

// tick is the unit of processor time in /proc: the kernel's USER_HZ, 100 on every
// architecture that Go runs on.
const tick = 10 * time.Millisecond

// cpu returns the processor time that the server has used, in user and in kernel mode
// (proc_pid_stat(5), fields 14 and 15).
func (p *process) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}

	// The first two fields are the process id and the name in parentheses.
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("read processor time: %d fields in /proc", len(fields))
	}

	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// memory returns the server's resident memory in bytes.
func (p *process) memory() (float64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, fmt.Errorf("read resident memory: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read

	for s := bufio.NewScanner(io.LimitReader(f, 1<<16)); s.Scan(); {
		if kib, ok := strings.CutPrefix(s.Text(), "VmRSS:"); ok {
			n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(kib), " kB"), 64)
			return n * 1024, err
		}
	}

	return 0, errors.New("read resident memory: no VmRSS in /proc")
}
