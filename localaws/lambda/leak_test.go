package lambda

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/fault"
)

var mostMemory = regexp.MustCompile(`Max Memory Used: ([0-9]+) MB`)

// used invokes a function and returns the memory in its REPORT line, whether the
// function was killed for its memory, and the log.
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

// Leaked memory adds up while an environment is reused. The invocation that exceeds the
// function's memory is killed, and the next one has a new environment with its own log
// stream. Where memory cannot be measured, only the leak counts.
func TestLeakedMemoryKillsTheProgram(t *testing.T) {
	t.Parallel()

	leaks := []int{0, 40, 40, 0, 40, 0}
	n := 0
	b := start(t, func(o *Options) {
		o.InjectFault = func(string) InjectedFault {
			f := InjectedFault{Rule: fault.Rule{Kind: fault.LeakMemory, MB: leaks[n]}}
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

		// A program's own memory grows a little, too.
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
