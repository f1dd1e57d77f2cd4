package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReportIsPrintedAsInTheGoldenFile(t *testing.T) {
	t.Parallel()
	r := &report{Date: "2026-01-02", Go: "go1.26", OS: "linux/amd64", CPUs: 2, Quick: true}
	one := r.table("SQS: first")
	one.add(figure{Name: "throughput", Value: 75_000, Floor: 100_000, Unit: "messages/s", Aim: .75, More: true})
	one.add(figure{Name: "throughput, below", Value: 74_000, Floor: 100_000, Unit: "messages/s", Aim: .75, More: true})
	one.add(figure{Name: "CPU", Value: 8.1, Floor: 5, Unit: "µs/message", Aim: 1.6})
	r.table("SQS: second").add(figure{Name: "start-up", Value: 12.34, Unit: "ms", Aim: 30})
	var out strings.Builder
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/report.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestReachedComparesWithTheAim(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		f    figure
		want string
	}{
		{"no aim", figure{Value: 1}, ""},
		{"less is better", figure{Value: 29, Aim: 30}, "yes"},
		{"less is better, above the aim", figure{Value: 31, Aim: 30}, "no"},
		{"against a floor", figure{Value: 31, Floor: 20, Aim: 1.6}, "yes"},
		{"more is better", figure{Value: 80, Floor: 100, Aim: .75, More: true}, "yes"},
		{"more is better, below the aim", figure{Value: 70, Floor: 100, Aim: .75, More: true}, "no"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.f.reached(); got != tt.want {
				t.Errorf("reached %q, want %q", got, tt.want)
			}
		})
	}
}

func TestQuantilesOfTimes(t *testing.T) {
	t.Parallel()
	all := times{}
	for range 100 {
		all = append(all, time.Millisecond)
	}
	all[50] *= 9
	if p50, p99 := all.at(.5, time.Millisecond), all.at(.99, time.Millisecond); p50 != 1 || p99 != 9 {
		t.Errorf("p50 is %v and p99 %v, want 1 and 9", p50, p99)
	}
	if none := (times{}).at(.5, 1); none != 0 {
		t.Errorf("p50 of no durations is %v, want 0", none)
	}
}
