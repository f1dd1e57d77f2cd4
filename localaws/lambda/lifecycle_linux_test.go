package lambda

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/reliableq/reliableq/localaws/lambda/process/supervisor"
)

// pidOf invokes a function that returns its process id, and returns the process id
// outside of its namespace.
func (b *testService) pidOf(t testing.TB, name string) int {
	t.Helper()

	var inside struct {
		PID       int
		Namespace string
	}

	payload := b.invokeTail(t, name, `{"Do":"process"}`).Payload
	if err := json.Unmarshal(payload, &inside); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}

	found := 0
	supervisor.Descendants(os.Getpid(), func(pid int) {
		if namespace, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid)); namespace == inside.Namespace && pidWithin(pid) == inside.PID {
			found = pid
		}
	})

	if found == 0 {
		t.Fatalf("no process of this computer is %s", payload)
	}

	return found
}

// pidWithin returns the process id that a process has in its own namespace.
func pidWithin(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "\nNSpid:")
	line, _, _ := strings.Cut(rest, "\n")
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return 0
	}
	within, _ := strconv.Atoi(fields[len(fields)-1])
	return within
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

// awaitEnd waits until a process that is not a child of this process has ended.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()

	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}

	if err != nil {
		t.Skipf("cannot watch a process: %v", err)
	}

	defer unix.Close(fd)
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 10000)
		if errors.Is(err, unix.EINTR) {
			continue
		}

		if n != 1 {
			t.Fatalf("process %d is still alive", pid)
		}

		return
	}
}

func TestCloseLeavesNoProcessesAndFiles(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	b.create(t, "busy", minutes)
	pid := b.pidOf(t, "f")
	busy := b.pidOf(t, "busy")
	done := b.backgroundInvokesOf("busy", `{"Do":"hang"}`)
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Close(expired); err == nil && b.backends.started() > 2 {
		t.Error("Close does not report the interrupted invocation")
	}

	<-done
	for _, p := range []int{pid, busy} {
		if alive(p) {
			t.Errorf("process %d is still alive", p)
		}
	}

	left, err := os.ReadDir(b.codeCache.dir + "/tmp")
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files remain: %v %v", left, err)
	}

	if _, err := b.tryInvoke(t, &InvokeInput{FunctionName: "f"}); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}

	if err := b.Close(t.Context()); err != nil {
		t.Errorf("a second close: %v", err)
	}
}

// A killed service has no program, busy or idle, and starts none.
func TestKillEndsEveryProgram(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	b.create(t, "busy", minutes)
	idle := b.pidOf(t, "f")
	busy := b.pidOf(t, "busy")
	done := b.backgroundInvokesOf("busy", `{"Do":"hang"}`)
	b.Kill()
	<-done
	for _, p := range []int{idle, busy} {
		if alive(p) {
			t.Errorf("process %d is still alive", p)
		}
	}

	if out := b.invokeTail(t, "f", `{"Do":"pid"}`); out.FunctionError == "" {
		t.Errorf("a program ran after the kill: %s", out.Payload)
	}
}

func (b *testService) backgroundInvokesOf(name, event string) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := b.Invoke(ctx, b.call, &InvokeInput{FunctionName: name, Payload: []byte(event)})
		done <- err
	}()
	return done
}

// started counts the invocations that began.
func (w *testBackends) started() (n int) {
	for _, line := range w.log() {
		if strings.HasPrefix(line, "START ") {
			n++
		}
	}
	return n
}

func TestDeletingAFunctionEndsItsProcesses(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	pid := b.pidOf(t, "f")
	if err := b.DeleteFunction(ctx, b.call, &QualifiedInput{FunctionName: "f"}); err != nil {
		t.Fatal(err)
	}

	if alive(pid) {
		t.Errorf("process %d is still alive", pid)
	}

	for _, dir := range []string{"zips", "code", "tmp"} {
		t.Run(dir, func(t *testing.T) {
			if left, _ := os.ReadDir(b.codeCache.dir + "/" + dir); len(left) > 0 {
				t.Errorf("%s holds %v", dir, left)
			}
		})
	}
}

func TestIdleEnvironmentIsClosed(t *testing.T) {
	t.Parallel()

	b := start(t, func(o *Options) { o.IdleTimeout = time.Millisecond })
	b.create(t, "f")
	awaitEnd(t, b.pidOf(t, "f"))
	if out := b.invokeTail(t, "f", `{"n":1}`); string(out.Payload) != `{"n":1}` {
		t.Errorf("%s", out.Payload)
	}
}

func TestProgramGetsSIGTERMIfItAsksForIt_C61(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f", func(in *CreateFunctionInput) { in.Environment = &Environment{map[string]string{"SIGTERM": "warned"}} })
	b.invokeTail(t, "f", "{}")
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if log := b.backends.log(); !slices.Contains(log, "warned") {
		t.Errorf("log: %q", log)
	}
}

func TestProcessIsStoppedBetweenInvocations_C66(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	pid := b.pidOf(t, "f")
	if !awaitState(t, pid, 'T') {
		t.Errorf("process %d has ended", pid)
	}
}

// TestServerThatIsKilled is not a test: it is the server that
// TestKillingTheServerKillsItsFunctions kills.
func TestServerThatIsKilled(t *testing.T) {
	if os.Getenv("LOCALAWS_TEST_VICTIM") == "" {
		t.Skip("runs as a child of another test")
	}

	b := start(t)
	b.create(t, "f", minutes)
	pid := b.pidOf(t, "f")
	b.backgroundInvokesOf("f", `{"Do":"hang"}`)
	for b.backends.started() < 2 { // the function must be in an invocation and not waiting for one
		<-b.backends.wrote
	}

	fmt.Printf("pid %d\n", pid)
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	<-terminated
}

func TestKillingTheServerKillsItsFunctions(t *testing.T) {
	t.Parallel()

	server := exec.Command(os.Args[0], "-test.run=^TestServerThatIsKilled$")
	server.Env = append(os.Environ(), "LOCALAWS_TEST_VICTIM=1", "TMPDIR="+t.TempDir())
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}

	if err := server.Start(); err != nil {
		t.Fatal(err)
	}

	pid := 0
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		fmt.Sscanf(lines.Text(), "pid %d", &pid)
	}

	if pid == 0 || !alive(pid) {
		t.Fatalf("function's process %d", pid)
	}

	server.Process.Kill()
	server.Wait()
	awaitEnd(t, pid)
}

func TestEnvironmentOfOldCodeIsClosedAfterItsInvocation_C68(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f", minutes)
	b.mu.Lock()
	k := functionKey{b.call.Scope(), "f"}
	old := b.functions[k].latest
	b.mu.Unlock()
	running, err := b.acquireEnvironment(k, old)
	if err != nil {
		t.Fatal(err)
	}

	b.setTimeout(t, "f", 9)
	b.releaseEnvironment(running)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.environments.live != 0 || len(old.pool.idle) != 0 {
		t.Errorf("%d live environments, %d of them idle", b.environments.live, len(old.pool.idle))
	}
}
