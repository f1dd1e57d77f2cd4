package main

import (
	"fmt"
	"strings"
)

// gauge is one quantity of a sample.
type gauge struct {
	name  string
	unit  string
	value func(sample) int64
	// slack is how far the last third may be above the second in any case: the
	// quantity moves by so much without a leak.
	slack int64
}

const megabyte = 1 << 20

// leastSamples are two for each third.
const leastSamples = 6

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

// notFlat is the verdict on a run that grew.
type notFlat []string

// Error lists what grew.
func (n notFlat) Error() string { return "not flat: " + strings.Join(n, "; ") }

// verdict is one gauge's course over a run.
type verdict struct {
	gauge       gauge
	most        [3]int64 // of each third
	first, last int64
	flat        bool
}

// judge holds each gauge against the rule: the most in the last third of the run is
// at most a tenth above the most in the second third, or above it by no more than
// the gauge's slack. The first third is for warming up.
func judge(samples []sample) []verdict {
	var out []verdict
	for _, g := range gauges {
		v := verdict{gauge: g}
		for i, s := range samples {
			third := min(i*3/len(samples), 2)
			v.most[third] = max(v.most[third], g.value(s))
		}
		if len(samples) > 0 {
			v.first, v.last = g.value(samples[0]), g.value(samples[len(samples)-1])
		}
		v.flat = v.most[2] <= v.most[1]+max(v.most[1]/10, g.slack)
		out = append(out, v)
	}
	return out
}

// enough refuses a run that is too short to be judged.
func enough(samples []sample) error {
	if n := len(samples); n < leastSamples {
		return fmt.Errorf("only %d samples were taken, want %d: let it last longer, or take them more often", n, leastSamples)
	}
	return nil
}

// failures are the gauges that are not flat.
func failures(verdicts []verdict) notFlat {
	var out notFlat
	for _, v := range verdicts {
		if !v.flat {
			out = append(out, fmt.Sprintf("%s: %s in the second third, %s in the last", v.gauge.name, v.gauge.show(v.most[1]), v.gauge.show(v.most[2])))
		}
	}
	return out
}

func (g gauge) show(n int64) string {
	if g.unit == "MB" {
		return fmt.Sprintf("%.1f MB", float64(n)/megabyte)
	}
	return fmt.Sprint(n)
}
