package main

import (
	"fmt"
	"slices"
	"strings"
)

// gauge is one quantity of a sample.
type gauge struct {
	name  string
	unit  string
	value func(sample) int64
	// slack is how far the median of the last third may always be above that of the
	// second: the quantity varies by this much without a leak.
	slack int64
}

const megabyte = 1 << 20

// minSamples is the number of samples that a run needs: two for each third.
const minSamples = 6

// gauges are the gauges that are judged.
var gauges = []gauge{
	{"server memory", "MB", func(s sample) int64 { return s.memory }, 24 * megabyte},
	{"server descriptors", "", func(s sample) int64 { return s.descriptors }, 32},
	{"server threads", "", func(s sample) int64 { return s.threads }, 8},
	{"function processes", "", func(s sample) int64 { return s.processes }, 8},
	{"function memory", "MB", func(s sample) int64 { return s.children }, 64 * megabyte},
	{"data directory", "MB", func(s sample) int64 { return s.disk }, 48 * megabyte},
	// One environment leaves up to a thousand files before it is ended (see redeploy).
	{"data directory entries", "", func(s sample) int64 { return s.files }, 1000},
	{"files in /tmp", "", func(s sample) int64 { return s.left }, 0},
}

// notFlat is the error of a run that did not pass: the gauges that grew, and other
// failures.
type notFlat []string

// Error returns the list in one line.
func (n notFlat) Error() string { return "not flat: " + strings.Join(n, "; ") }

// verdict is the result for one gauge.
type verdict struct {
	gauge   gauge
	median  [3]int64 // of each third
	maximum [3]int64 // of each third
	last    int64
	flat    bool
}

// judge decides for each gauge whether it is flat: the median of the last third of
// the run exceeds the median of the second third by at most a tenth, or by at most the
// gauge's slack. The first third is for warming up. A leak raises the median. A single
// peak, such as memory before a garbage collection, does not.
func judge(samples []sample) []verdict {
	var out []verdict
	for _, g := range gauges {
		v := verdict{gauge: g}
		if len(samples) > 0 {
			v.last = g.value(samples[len(samples)-1])
		}

		// The median and the maximum of each third.
		var thirds [3][]int64
		for i, s := range samples {
			third := min(i*3/len(samples), 2)
			thirds[third] = append(thirds[third], g.value(s))
		}
		for i, values := range thirds {
			if len(values) == 0 {
				continue
			}
			slices.Sort(values)
			v.median[i] = values[len(values)/2]
			v.maximum[i] = values[len(values)-1]
		}

		// Compare the medians of the last two thirds.
		v.flat = v.median[2] <= v.median[1]+max(v.median[1]/10, g.slack)
		out = append(out, v)
	}

	return out
}

// checkSampleCount returns an error for a run that is too short to be judged.
func checkSampleCount(samples []sample) error {
	if n := len(samples); n < minSamples {
		return fmt.Errorf("only %d samples were taken, want %d: run longer with -for, or sample more often with -every", n, minSamples)
	}
	return nil
}

// failures returns the gauges that are not flat.
func failures(verdicts []verdict) notFlat {
	var out notFlat
	for _, v := range verdicts {
		if !v.flat {
			out = append(out, fmt.Sprintf("%s: median %s in the second third, %s in the last", v.gauge.name, v.gauge.show(v.median[1]), v.gauge.show(v.median[2])))
		}
	}
	return out
}

// show formats a value of the gauge.
func (g gauge) show(n int64) string {
	if g.unit == "MB" {
		return fmt.Sprintf("%.1f MB", float64(n)/megabyte)
	}
	return fmt.Sprint(n)
}
