//go:build unix

package supervise

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// roleVariable makes the test binary run as one of the processes of a run: the
// command, the tool that it supervises, and the tool's provider.
const roleVariable = "SUPERVISE_TEST_ROLE"

// ignoreVariable makes the tool ignore interrupts.
const ignoreVariable = "SUPERVISE_TEST_IGNORE_INTERRUPTS"

// sessionVariable makes the provider start its own session.
const sessionVariable = "SUPERVISE_TEST_SESSION"

func TestMain(m *testing.M) {
	Main()
	switch os.Getenv(roleVariable) {
	case "command":
		runCommand()
	case "tool":
		runTool()
	case "provider":
		runProvider()
	}
	os.Exit(m.Run())
}

// as returns this test's environment for a process with a role.
func as(role string) []string { return append(os.Environ(), roleVariable+"="+role) }

func runCommand() {
	// A closed terminal ends a command, also where this test runs under nohup.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		<-hangup
		os.Exit(exitSignal + int(syscall.SIGHUP))
	}()

	err := Run(context.Background(), Command{
		Path:       os.Args[0],
		Env:        as("tool"),
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		EndTimeout: time.Minute,
	})
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// runTool starts a provider and ends at an interrupt, as Terraform does: it kills the
// provider first. It records that it was not killed.
func runTool() {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, syscall.SIGINT, syscall.SIGTERM)

	provider := exec.Command(os.Args[0])
	provider.Env = as("provider")
	if os.Getenv(sessionVariable) != "" {
		provider.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	}
	pipe, err := provider.StdoutPipe()
	if err == nil {
		err = provider.Start()
	}
	if err == nil {
		_, err = bufio.NewReader(pipe).ReadString('\n') // it is ready
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("pids", os.Getppid(), os.Getpid(), provider.Process.Pid)

	for range interrupts {
		if os.Getenv(ignoreVariable) != "" {
			continue
		}
		provider.Process.Kill()
		fmt.Println("writing the state")
		if path := os.Getenv("SUPERVISE_TEST_TIDY"); path != "" {
			os.WriteFile(path, nil, 0o600)
		}
		os.Exit(1)
	}
}

func runProvider() {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	fmt.Println("ready")
	var forever chan os.Signal
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1) // prevents that the runtime reports a deadlock
	<-forever
}

// tree has the processes of a run.
type tree struct {
	command, supervisor, tool, provider int
	tidy                                string
	wait                                func()
}

// start starts a command that runs a tool that runs a provider.
func start(t *testing.T, env ...string) tree {
	t.Helper()
	tidy := filepath.Join(t.TempDir(), "tidy")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(as("command"), "SUPERVISE_TEST_TIDY="+tidy), env...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tr := tree{command: cmd.Process.Pid, tidy: tidy}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(line, "pids %d %d %d", &tr.supervisor, &tr.tool, &tr.provider); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	tr.wait = func() { _ = cmd.Wait() }
	t.Cleanup(func() {
		for _, pid := range []int{tr.command, tr.supervisor, tr.tool, tr.provider} {
			if running(pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	return tr
}

// running reports whether a process exists and is not a zombie.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	if runtime.GOOS != "linux" {
		return true
	}
	body, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(body), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// wantEnded waits until none of the processes is running.
func (tr tree) wantEnded(t *testing.T, within time.Duration) {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		left := ""
		for name, pid := range map[string]int{"command": tr.command, "supervisor": tr.supervisor, "tool": tr.tool, "provider": tr.provider} {
			if running(pid) {
				left += " " + name
			}
		}
		if left == "" {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still running after %v:%s", within, left)
		}
	}
}

// However the command, the supervisor or the tool ends, no process of the run remains,
// and the tool can write its state whenever that is possible.
func TestNothingOutlivesTheCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		env     []string
		signal  syscall.Signal
		to      func(tree) int
		tidy    bool
		linux   bool
		patient time.Duration
	}{
		{name: "command interrupted", signal: syscall.SIGINT, to: func(tr tree) int { return tr.command }, tidy: true},
		{name: "command terminated", signal: syscall.SIGTERM, to: func(tr tree) int { return tr.command }, tidy: true},
		{name: "terminal closed", signal: syscall.SIGHUP, to: func(tr tree) int { return tr.command }, tidy: true},
		{name: "command killed", signal: syscall.SIGKILL, to: func(tr tree) int { return tr.command }, tidy: true},
		{name: "tool killed", signal: syscall.SIGKILL, to: func(tr tree) int { return tr.tool }},
		// The tool may end while it writes to the pipe that is no longer read.
		{name: "supervisor killed", signal: syscall.SIGKILL, to: func(tr tree) int { return tr.supervisor }},
		{name: "supervisor terminated", signal: syscall.SIGTERM, to: func(tr tree) int { return tr.supervisor }, tidy: true},
		{
			name: "tool killed, provider in a session of its own", signal: syscall.SIGKILL, to: func(tr tree) int { return tr.tool },
			env: []string{sessionVariable + "=1"}, linux: true,
		},
		{
			name: "command killed, tool ignores interrupts", signal: syscall.SIGKILL, to: func(tr tree) int { return tr.command },
			env: []string{ignoreVariable + "=1"}, patient: grace,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.linux && runtime.GOOS != "linux" {
				t.Skip("only Linux has subreapers")
			}
			if c.patient > 0 && testing.Short() {
				t.Skip("waits for the whole grace period")
			}
			tr := start(t, c.env...)
			if err := syscall.Kill(c.to(tr), c.signal); err != nil {
				t.Fatal(err)
			}
			tr.wait()
			tr.wantEnded(t, c.patient+10*time.Second)
			if _, err := os.Stat(tr.tidy); c.tidy && err != nil {
				t.Error("the tool could not write its state")
			}
		})
	}
}

func TestTheToolIsInterruptedAndThenKilledWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	for _, ignoresInterrupts := range []bool{false, true} {
		t.Run(fmt.Sprintf("ignores interrupts %v", ignoresInterrupts), func(t *testing.T) {
			t.Parallel()
			env := as("tool")
			if ignoresInterrupts {
				env = append(env, ignoreVariable+"=1")
			}
			out, in := io.Pipe()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				ended <- Run(ctx, Command{Path: os.Args[0], Env: env, Stdout: in, EndTimeout: 200 * time.Millisecond})
				in.Close()
			}()
			lines := bufio.NewReader(out)
			if _, err := lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			cancel()
			rest, err := io.ReadAll(lines)
			if err != nil {
				t.Fatal(err)
			}
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			if tidy := strings.Contains(string(rest), "writing the state"); tidy == ignoresInterrupts {
				t.Errorf("the tool printed %q", rest)
			}
		})
	}
}

func TestRunReturnsWhatTheProgramReturned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		script    string
		code      int
		out, errs string
	}{
		{"echo out; echo err >&2; exit 0", 0, "out\n", "err\n"},
		{"exit 7", 7, "", ""},
		{"kill -9 $$", 137, "", "/bin/sh was ended by a signal: killed\n"},
	} {
		t.Run(c.script, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			err := Run(t.Context(), Command{Path: "/bin/sh", Args: []string{"-c", c.script}, Stdout: &out, Stderr: &errs})
			code := 0
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != c.code || out.String() != c.out || errs.String() != c.errs {
				t.Errorf("code %d, out %q, err %q", code, out.String(), errs.String())
			}
		})
	}
}

func TestAProgramThatCannotStartIsAnError(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	err := Run(t.Context(), Command{Path: "/no/such/program", Stderr: &errs})
	if err == nil || !strings.Contains(errs.String(), "/no/such/program") {
		t.Errorf("error %v, printed %q", err, errs.String())
	}
}

func TestAHeldFileStaysOpenUntilTheProgramEnds(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Command{Path: os.Args[0], Env: as("tool"), Stdout: in, KeepOpen: w, EndTimeout: time.Minute})
	}()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	w.Close()

	// The supervisor holds the other end: no end of file yet.
	if err := r.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Skip("pipes have no deadlines here")
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	cancel()
	<-ended
	if err := r.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read after the end: %v", err)
	}
	in.Close()
}
