package sandbox

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite golden files")

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

// page records what a log stream writes.
type page struct {
	mu    sync.Mutex
	lines []string
	calls int
}

func (p *page) write(lines []Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	for _, l := range lines {
		p.lines = append(p.lines, l.Text)
	}
}

func (p *page) read() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lines)
}

func open(f Format) (*logStream, *page) {
	p := &page{}
	return newLogStream(&Function{Format: f}, &Host{Now: func() time.Time { return epoch }, Write: p.write}), p
}

var function = &Function{Name: "f", Version: "$LATEST", RuntimeVersionARN: "arn:aws:lambda:us-east-1::runtime:0"}

// platformEvents returns every event that the platform logs.
func platformEvents() []event {
	ok := Report{RequestID: "id", Status: Success, Duration: 1234500, Init: 45670 * time.Microsecond, MemoryMB: 128, PeakMB: 30}

	warm := ok
	warm.Init = 0

	failed := warm
	failed.Status = Failure

	late := warm
	late.Status = Timeout
	late.Duration = 3 * time.Second

	crashed := ok
	crashed.Status = Error
	crashed.ErrorType = "Runtime.ExitError"

	events := []event{
		initStartEvent(function), initReportEvent("init", 206720*time.Microsecond, Error, "Runtime.ExitError"),
		initReportEvent("invoke", 10*time.Second, Timeout, ""), startEvent("id", "$LATEST"),
		crashEvent("RequestId: id Error: Runtime exited with error: exit status 1", "Runtime.ExitError"),
	}
	for _, r := range []Report{ok, warm, failed, late, crashed} {
		events = append(events, endEvent(r), reportEvent(r))
	}
	return events
}

func TestPlatformLinesInBothFormats(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]Format{
		"text": {}, "json-debug": {JSON: true, System: "DEBUG"}, "json-info": {JSON: true, System: "INFO"}, "json-warn": {JSON: true, System: "WARN"},
	} {
		t.Run(name, func(t *testing.T) {
			l, p := open(format)
			for _, e := range platformEvents() {
				l.platform(e)
			}
			l.close()

			got := strings.ReplaceAll(strings.Join(p.read(), "\n"), "\t", "<tab>") + "\n"
			file := "testdata/" + name + ".golden"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBilledTimeIncludesInitAndIsRoundedUp_C71(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ duration, init, want float64 }{
		{395.99, 265.72, 662}, {5000, 578.07, 5579}, {1, 0, 1}, {1.01, 0, 2}, {0.2, 0, 1},
	} {
		t.Run(fmt.Sprintf("%v and %v ms", tc.duration, tc.init), func(t *testing.T) {
			ms := func(f float64) time.Duration { return time.Duration(f * 1e6) }
			if got := (Report{Duration: ms(tc.duration), Init: ms(tc.init)}).Billed(); got != ms(tc.want) {
				t.Errorf("billed %v, want %v ms", got, tc.want)
			}
		})
	}
}

func TestLinesAreFilteredByLevel_C73(t *testing.T) {
	t.Parallel()
	lines := []string{
		"plain", `{"level":"DEBUG"}`, `{"level":"info"}`, `{"level":"WARN"}`, `{"level":"ERROR"}`, `{"level":"odd"}`, `{"msg":"none"}`, `{broken`,
	}
	for least, want := range map[string][]string{
		"TRACE": lines,
		"INFO":  {"plain", `{"level":"info"}`, `{"level":"WARN"}`, `{"level":"ERROR"}`, `{"level":"odd"}`, `{"msg":"none"}`, `{broken`},
		"WARN":  {`{"level":"WARN"}`, `{"level":"ERROR"}`},
		"FATAL": nil,
	} {
		t.Run(least, func(t *testing.T) {
			l, p := open(Format{JSON: true, Application: least, System: "INFO"})
			l.output([]byte(strings.Join(lines, "\n") + "\n"))
			l.close()
			if diff := cmp.Diff(want, p.read()); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}

	j, p := open(Format{})
	j.output([]byte(`{"level":"DEBUG"}` + "\n"))
	j.close()
	if len(p.read()) != 1 {
		t.Errorf("the text format dropped a line: %q", p.read())
	}
}

func TestOneEventPerLineHoweverItIsWritten_C75(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.StringMatching(`[a-zé]{1,20}`)).Draw(t, "lines")
		text := strings.Join(lines, "\n")
		j, p := open(Format{})
		for len(text) > 0 {
			n := rapid.IntRange(1, len(text)).Draw(t, "piece")
			j.output([]byte(text[:n]))
			text = text[n:]
		}
		j.close()
		if diff := cmp.Diff(lines, p.read()); diff != "" && len(lines) > 0 {
			t.Fatal(diff)
		}
	})
}

func TestLongLinesAreSplitAndInvalidTextIsReplaced_C75(t *testing.T) {
	t.Parallel()
	j, p := open(Format{})
	j.output([]byte(strings.Repeat("x", maxLine+10) + "\nbad \xff text\r\n"))
	j.close()
	got := p.read()
	if len(got) != 3 || len(got[0]) != maxLine || got[1] != strings.Repeat("x", 10) || got[2] != "bad \ufffd text" {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
}

func TestTheTailIsTheLastFourKilobytesOfTheInvocation_C36(t *testing.T) {
	t.Parallel()
	j, _ := open(Format{})
	j.output([]byte("before\n"))
	j.begin()
	j.output([]byte("inside\n"))
	if got := string(j.last()); got != "inside\n" {
		t.Errorf("%q", got)
	}
	j.output([]byte(strings.Repeat("0123456789\n", 1000)))
	if got := j.last(); len(got) != 4096 || !strings.HasSuffix(string(got), "\n0123456789\n") {
		t.Errorf("%d bytes, ending %q", len(got), got[len(got)-20:])
	}
	j.close()
}

func TestLinesAreWrittenInBatchesAfterTheFlushInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, p := open(Format{})
		j.output([]byte("one\ntwo\n"))
		synctest.Wait()
		if len(p.read()) != 0 {
			t.Error("written immediately")
		}
		<-time.After(flushInterval)
		synctest.Wait()
		if p.calls != 1 || len(p.read()) != 2 {
			t.Errorf("%d calls, %q", p.calls, p.read())
		}
		j.output([]byte(strings.Repeat("x\n", maxLines)))
		synctest.Wait()
		if len(p.read()) != 2+maxLines {
			t.Errorf("%d lines: want many lines to be written immediately", len(p.read()))
		}
		j.close()
	})
}

// A program that prints faster than its lines are written is not read further, so that
// the lines in the server's memory are bounded and the program blocks on its pipe.
func TestAFastPrinterWaitsUntilItsLinesAreWritten(t *testing.T) {
	t.Parallel()
	for name, piece := range map[string]string{
		"ShortLines":  strings.Repeat("x\n", 8<<10),
		"LongLines":   strings.Repeat("x", 4<<10) + "\n",
		"EndlessLine": strings.Repeat("x", 16<<10),
		"Garbage":     strings.Repeat("\xff\n\x00", 4<<10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				disk := make(chan struct{})
				host := &Host{Now: func() time.Time { return epoch }, Write: func([]Line) { <-disk }}
				j := newLogStream(&Function{}, host)
				brought := 0
				stop := make(chan struct{})
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					for {
						select {
						case <-stop:
							return
						default:
							j.output([]byte(piece))
							brought += len(piece)
						}
					}
				}()

				synctest.Wait()
				first := brought
				if most := maxLine + maxBytes + len(piece); first > most {
					t.Errorf("%d bytes were accepted while no line was written, want at most %d", first, most)
				}
				disk <- struct{}{}
				synctest.Wait()
				if brought == first {
					t.Error("the program is still blocked although its lines were written")
				}
				close(stop)
				close(disk)
				<-ended
				j.close()
			})
		})
	}
}

func FuzzLevel(f *testing.F) {
	f.Add(`{"level":"DEBUG","msg":"x"}`)
	f.Add(`{"level":7}`)
	f.Fuzz(func(t *testing.T, line string) {
		if !slices.Contains(levels, levelOf(line)) {
			t.Fatalf("%q has level %q", line, levelOf(line))
		}
	})
}
