package lambda

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var mostMemory = regexp.MustCompile(`Max Memory Used: ([0-9]+) MB`)

// used invokes a function and answers the memory that its REPORT line tells, and
// whether it was killed for it.
func (b *testService) used(t *testing.T, name, event string) (mb int, killed bool, log string) {
	t.Helper()

	out, err := b.tryInvoke(t, &InvokeInput{
		FunctionName: name,
		LogType:      "Tail",
		Payload:      []byte(event),
	})
	if err != nil {
		t.Fatal(err)
	}

	text, err := base64.StdEncoding.DecodeString(out.LogResult)
	if err != nil {
		t.Fatal(err)
	}

	found := mostMemory.FindSubmatch(text)
	if found == nil {
		t.Fatalf("no memory in %s", text)
	}

	mb, _ = strconv.Atoi(string(found[1]))
	return mb, strings.Contains(string(out.Payload), "Runtime exited with error: signal: killed"), string(text)
}

// A program that leaks keeps what has leaked while it is warm, is killed by the
// invocation that makes it too much, and begins anew in a fresh environment with its
// own log stream. Where memory cannot be measured only what leaks counts.
func TestAProgramLeaksMemoryUntilItIsKilled(t *testing.T) {
	t.Parallel()

	leaks := []int{0, 40, 40, 0, 40, 0}
	n := 0
	b := start(t, func(o *Options) {
		o.InjectFault = func(_, _, _ string) InjectedFault {
			f := InjectedFault{Kind: LeakMemory, MB: leaks[n]}
			if n++; f.MB == 0 {
				return InjectedFault{}
			}
			return f
		}
	})

	b.create(t, "f")
	first := 0
	for i, want := range []struct {
		leaked int
		killed bool
	}{{0, false}, {40, false}, {80, false}, {80, false}, {120, true}, {0, false}} {
		mb, killed, log := b.used(t, "f", `{"Do":"pid"}`)
		if i == 0 {
			first = mb
		}

		if killed != want.killed {
			t.Errorf("invocation %d: killed %v with %d MB", i+1, killed, mb)
		}

		// A program's own use grows a little, too.
		if low := first + want.leaked; !killed && (mb < low || mb > low+20) || killed && mb != 128 {
			t.Errorf("invocation %d: %d MB, want about %d", i+1, mb, low)
		}

		if killed != strings.Contains(log, "Status: error\tError Type: Runtime.ExitError") {
			t.Errorf("invocation %d: %s", i+1, log)
		}
	}

	streams := map[string]bool{}
	b.backends.mu.Lock()
	for _, s := range b.backends.streams {
		streams[s] = true
	}

	b.backends.mu.Unlock()
	if len(streams) != 2 {
		t.Errorf("the log is in streams %v, want one for each environment", streams)
	}
}
