package backoff_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/backoff"
)

// survivesShare returns the longest outage that the given share of messages survives.
func survivesShare(p backoff.Policy, receives int, share float64) time.Duration {
	low, high := p.Survives(receives), 1000*time.Hour
	for high-low > 100*time.Millisecond {
		if middle := low + (high-low)/2; p.SurvivalRate(receives, middle) >= share {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// rounded formats a duration for the docs, and never rounds up.
func rounded(d time.Duration) string {
	down := func(x float64) string {
		if x >= 10 {
			return fmt.Sprint(int(x))
		}
		return fmt.Sprint(float64(int(x*10)) / 10)
	}
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return down(d.Minutes()) + " min"
	}
	return down(d.Hours()) + " h"
}

// survivalTable returns the table of docs/sqsbatch.md, computed.
func survivalTable() []string {
	receives := []int{3, 5, 8, 10, 12, 15}
	header := "| *n* |"
	for _, n := range receives {
		header += fmt.Sprintf(" %d |", n)
	}
	lines := []string{header, "|---|" + strings.Repeat("--:|", len(receives))}

	for _, row := range []struct {
		label  string
		base   time.Duration
		jitter backoff.Jitter
		share  float64
	}{
		{"base 10 s, `Equal` (default): no message is lost", 10 * time.Second, backoff.Equal, 1},
		{"base 1 min, `Equal`: no message is lost", time.Minute, backoff.Equal, 1},
		{"base 4 min, `Equal`: no message is lost", 4 * time.Minute, backoff.Equal, 1},
		{"base 10 s, `Full`: 1 % are lost", 10 * time.Second, backoff.Full, 0.99},
		{"base 10 s, `Decorrelated`: 1 % are lost", 10 * time.Second, backoff.Decorrelated, 0.99},
	} {
		p := backoff.Policy{Base: row.base, Cap: time.Hour, Jitter: row.jitter}
		line := "| " + row.label + " |"
		for _, n := range receives {
			outage := p.Survives(n)
			if row.share < 1 {
				outage = survivesShare(p, n, row.share)
			}
			line += " " + rounded(outage) + " |"
		}
		lines = append(lines, line)
	}

	return lines
}

func TestDocsHaveTheOutagesThatMessagesSurvive(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../docs/sqsbatch.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("docs/ is missing: this is the module without the repository")
	}
	if err != nil {
		t.Fatal(err)
	}

	if want := strings.Join(survivalTable(), "\n"); !strings.Contains(string(content), want) {
		t.Errorf("docs/sqsbatch.md lacks this table:\n%s", want)
	}

	lost := func(j backoff.Jitter) float64 { return 100 * (1 - patient(j).SurvivalRate(10, 30*time.Minute)) }
	want := fmt.Sprintf("%.0f %% and %.0f %%", lost(backoff.Full), lost(backoff.Decorrelated))
	if !strings.Contains(string(content), want) || lost(backoff.Equal) != 0 {
		t.Errorf("docs/sqsbatch.md lacks %q", want)
	}
}
