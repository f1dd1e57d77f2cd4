package lambda

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// both runs a test with isolation and without.
func both(t *testing.T, test func(t *testing.T, b *testService)) {
	t.Helper()

	if os.Getenv("HOSTILE") == "" {
		t.Skip("runs as a child of TestFunctionsAreIsolated")
	}

	t.Parallel()

	for name, off := range map[string]bool{"Isolated": false, "Shared": true} {
		t.Run(name, func(t *testing.T) {
			b := hostile(t, func(o *Options) { o.NoIsolation = off })
			if !off && b.Isolation() == process.Shared {
				t.Skip("this system does not isolate functions")
			}
			test(t, b)
		})
	}
}

// marks numbers the sleep commands of this test.
var marks atomic.Int64

// detach makes a function start a process that leaves its process group and session
// and loses its parent. It returns a mark in that process's command line.
func (b *testService) detach(t *testing.T, function, more string) (mark string) {
	t.Helper()

	mark = fmt.Sprintf("%d.%d", 100000+os.Getpid(), marks.Add(1))
	script := `rm -f ${TMPDIR:-/tmp}/up; (setsid sh -c '(setsid sh -c "` + more + ` echo x >${TMPDIR:-/tmp}/up; exec sleep ` + mark + `" &)' >/dev/null 2>&1 </dev/null &)
		while [ ! -s ${TMPDIR:-/tmp}/up ]; do sleep 0.01; done`
	if out, failed := b.run(t, function, script); failed {
		t.Fatalf("%s", out)
	}

	// A process in the middle of exec(2) has no command line. On a computer under load
	// that takes a moment.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); len(marked(t, mark)) == 0; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("no process was detached")
		}
	}
	return mark
}

// marked returns the processes of this computer with a mark in their command lines.
func marked(t *testing.T, mark string) (pids []int) {
	t.Helper()

	all, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}

	for _, entry := range all {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if line, err := os.ReadFile("/proc/" + entry.Name() + "/cmdline"); err == nil && strings.Contains(string(line), mark) {
			pids = append(pids, pid)
		}
	}

	return pids
}

func TestHostileDetachedProcessesEndWithTheirEnvironment(t *testing.T) {
	both(t, func(t *testing.T, b *testService) {
		b.create(t, "short", func(in *CreateFunctionInput) { in.Timeout = ptr(5) })
		for name, end := range map[string]func(*testing.T){
			"Timeout": func(t *testing.T) { b.invokeTail(t, "short", `{"Do":"hang"}`) },
			"Crash":   func(t *testing.T) { b.invokeTail(t, "short", `{"Do":"exit","N":3}`) },
			"Delete": func(t *testing.T) {
				if err := b.DeleteFunction(ctx, b.call, &QualifiedInput{FunctionName: "short"}); err != nil {
					t.Fatal(err)
				}
				b.create(t, "short", func(in *CreateFunctionInput) { in.Timeout = ptr(5) })
			},
		} {
			t.Run(name, func(t *testing.T) {
				mark := b.detach(t, "short", "")
				end(t)
				if left := marked(t, mark); len(left) > 0 {
					t.Errorf("%s: processes %v are alive", name, left)
				}
			})
		}

		mark := b.detach(t, "f", "trap '' TERM HUP;")
		if err := b.Close(t.Context()); err != nil {
			t.Fatal(err)
		}

		if left := marked(t, mark); len(left) > 0 {
			t.Errorf("Close: processes %v are alive", left)
		}
	})
}

func TestHostileDetachedProcessesAreFrozen(t *testing.T) {
	both(t, func(t *testing.T, b *testService) {
		mark := b.detach(t, "f", "")
		// The shells that started the process may end meanwhile.
		stopped := 0
		for _, pid := range marked(t, mark) {
			if awaitState(t, pid, 'T') {
				stopped++
			}
		}
		if stopped == 0 {
			t.Error("the detached process has ended")
		}
		// They continue with the next invocation, which may begin a little earlier.
		script := `states() { grep State: $(grep -l ` + mark + ` /proc/[0-9]*/cmdline | sed s/cmdline/status/); }
			tries=0
			while states | grep -q stopped && [ $tries -lt 100 ]; do tries=$((tries+1)); sleep 0.01; done
			states`
		if out, _ := b.run(t, "f", script); strings.Contains(out, "T (stopped)") {
			t.Errorf("still stopped: %s", out)
		}
	})
}

// awaitState waits until a process is in a state, as in /proc/PID/stat: stopping
// takes a moment. It reports false if the process ends instead.
func awaitState(t *testing.T, pid int, want byte) bool {
	t.Helper()

	var state byte
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return false
		}

		_, rest, _ := strings.Cut(string(stat), ") ")
		if state = rest[0]; state == want {
			return true
		}
	}

	t.Errorf("process %d is in state %c, want %c", pid, state, want)
	return true
}

func TestHostileDetachedProcessesCountAsMemory(t *testing.T) {
	both(t, func(t *testing.T, b *testService) {
		// 300 MB in a detached process; the function waits for it.
		script := `(setsid sh -c 'head -c 300000000 /dev/zero | tail -c 290000000 >/dev/null; echo x >${TMPDIR:-/tmp}/done' >/dev/null 2>&1 </dev/null &)
			while [ ! -s ${TMPDIR:-/tmp}/done ]; do sleep 0.01; done`

		event, err := json.Marshal(map[string]string{"Do": "run", "Text": script})
		if err != nil {
			t.Fatal(err)
		}

		if out := b.invokeTail(t, "f", string(event)); !strings.Contains(string(out.Payload), "signal: killed") {
			t.Errorf("%s", out.Payload)
		}
	})
}

func TestHostileFunctionIsLimitedTo1024Processes(t *testing.T) {
	b := separate(t)
	out, _ := b.run(t, "f", `ulimit -u 2>/dev/null || ulimit -p`)
	if strings.TrimSpace(out) != "1024" {
		t.Errorf("limit of processes: %s", out)
	}
}

// TestHostileServerThatIsKilled is the server that
// TestKillingTheServerKillsDetachedProcesses kills.
func TestHostileServerThatIsKilled(t *testing.T) {
	mode := os.Getenv("LOCALAWS_TEST_VICTIM")
	if mode == "" {
		t.Skip("runs as a child of another test")
	}
	b := start(t, func(o *Options) { o.NoIsolation = mode == "Shared" })
	b.create(t, "f", minutes)
	fmt.Printf("mark %s\n", b.detach(t, "f", ""))
	select {
	case <-t.Context().Done():
	case <-make(chan struct{}):
	}
}

func TestHostileDetachedProcessesEndWithAServerThatIsKilled(t *testing.T) {
	both(t, func(t *testing.T, _ *testService) {
		mode := filepath.Base(t.Name())
		server := exec.Command(os.Args[0], "-test.run=^TestHostileServerThatIsKilled$")
		server.Env = append(os.Environ(), "LOCALAWS_TEST_VICTIM="+mode, "TMPDIR="+t.TempDir())
		out, err := server.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}

		if err := server.Start(); err != nil {
			t.Fatal(err)
		}

		mark := ""
		if _, err := fmt.Fscanf(out, "mark %s\n", &mark); err != nil {
			t.Fatal(err)
		}

		pids := marked(t, mark)
		if err := server.Process.Kill(); err != nil {
			t.Fatal(err)
		}

		_ = server.Wait() // killed
		for _, pid := range pids {
			awaitEnd(t, pid)
		}
	})
}
