package experiment

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFormatting(t *testing.T) {
	t.Parallel()
	for _, test := range [][2]string{
		{inPercent(0), "0 %"}, {inPercent(0.000001), "<0.001 %"}, {inPercent(0.00018), "0.018 %"}, {inPercent(0.0123), "1.23 %"}, {inPercent(0.5), "50.0 %"}, {inPercent(1), "100.0 %"},
		{thousandsOf(0), "0"}, {thousandsOf(999), "999"}, {thousandsOf(1000), "1,000"}, {thousandsOf(-1234567), "-1,234,567"},
		{fixed(1234.567, 2), "1,234.57"}, {fixed(0.5, 0), "0"}, {fixed(-1e20, 2), "-1e+20"},
		{money(0), "$0.00"}, {money(0.84), "$0.84"}, {money(0.0000166667), "$1.7e-05"}, {money(12345), "$12,345.00"},
		{span(246), "4 min 6 s"}, {span(0.02), "0.0 s"}, {span(-1), "0.0 s"},
		{interval(Cell{Good: 10, Low: 0.0393, High: 0.0983}), "3.93–9.83 %"}, {interval(Cell{}), "–"},
		{median(Quantiles{}), "–"}, {p99(Quantiles{N: 1, P99: 61}), "1 min 1 s"},
		{word("batch-size_1"), "batch-size_1"}, {word("=1+1"), "1-1"}, {word("../x"), "x"}, {word("漢"), ""},
		{printable(" a\x1b[0m\n b\u202e "), "a [0m b"},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			if test[0] != test[1] {
				t.Errorf("%q, want %q", test[0], test[1])
			}
		})
	}
}

// A small share must not be formatted as zero.
func TestInPercentIsZeroOnlyForZero(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(1e-12, 1).Draw(t, "share")
		if got := inPercent(share); strings.Trim(got, "0. %") == "" {
			t.Fatalf("%v reads as %s", share, got)
		}
	})
}

func TestTablesFitInATerminal(t *testing.T) {
	t.Parallel()
	r := sampleReport()
	r.Studies, r.Cells = r.Studies[:5], r.Cells[:len(r.Cells)-2]
	var out bytes.Buffer
	if err := WriteTable(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if n := utf8.RuneCountInString(line); n > 160 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	if n := strings.Count(out.String(), "whole_batch"); n < 10 {
		t.Errorf("only %d lines of whole_batch: the test reads the wrong table", n)
	}
}

func TestWrapBreaksBetweenWords(t *testing.T) {
	t.Parallel()
	got := wrap("At 10 there were 6.51 % of them, incomprehensibilities", 20)
	want := []string{"At 10 there were", "6.51 % of them,", "incomprehensibilities"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, want %q", got, want)
	}
}
