package main

import (
	"strings"
	"testing"
)

// course returns samples with the given server memory in MB.
func course(mb ...int64) []sample {
	var out []sample
	for _, n := range mb {
		out = append(out, sample{memory: n * megabyte})
	}
	return out
}

func TestJudgeComparesTheMediansOfTheLastTwoThirds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		samples []sample
		flat    bool
	}{
		"Level":           {course(500, 500, 500, 500, 500, 500, 500, 500, 500), true},
		"WarmingUp":       {course(100, 200, 400, 500, 500, 500, 500, 505, 505), true},
		"Sawtooth":        {course(400, 500, 400, 500, 400, 500, 400, 500, 400), true},
		"ATenthMore":      {course(500, 500, 500, 500, 500, 500, 550, 550, 550), true},
		"MoreThanATenth":  {course(500, 500, 500, 500, 500, 500, 551, 551, 551), false},
		"SteadyGrowth":    {course(100, 200, 300, 400, 500, 600, 700, 800, 900), false},
		"WithinTheSlack":  {course(30, 30, 30, 30, 30, 30, 54, 54, 54), true},
		"AboveTheSlack":   {course(30, 30, 30, 30, 30, 30, 55, 55, 55), false},
		"OnePeakAtTheEnd": {course(500, 500, 500, 500, 500, 500, 500, 500, 900), true},
		"TwoSamples":      {course(30, 500), true},
		"PeakAtTheStart":  {course(900, 500, 500, 500, 500, 500, 500, 500, 500), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := failures(judge(tt.samples))
			if (len(bad) == 0) != tt.flat {
				t.Errorf("judged as %v, want flat %t", bad, tt.flat)
			}
			if !tt.flat && !strings.Contains(bad.Error(), "server memory") {
				t.Errorf("%v does not name the gauge", bad)
			}
		})
	}
}

func TestEachGaugeIsJudged(t *testing.T) {
	t.Parallel()
	grown := sample{1, 1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40, 1 << 40}
	if bad := failures(judge([]sample{{}, {}, grown})); len(bad) != len(gauges) {
		t.Errorf("%d of %d gauges found to grow: %v", len(bad), len(gauges), bad)
	}
}

func TestEnoughRequiresTwoSamplesForEachThird(t *testing.T) {
	t.Parallel()
	if err := checkSampleCount(course(1, 1)); err == nil {
		t.Error("two samples were accepted")
	}
	if err := checkSampleCount(course(1, 1, 1, 1, 1, 1)); err != nil {
		t.Error(err)
	}
}

func TestMisbehavioursAreSelectedByName(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]int{"all": len(misbehaviours), "none": 0, "crash": 1, "crash,hang": 2} {
		t.Run(flag, func(t *testing.T) {
			got, err := parseHostile(flag)
			if err != nil || len(got) != want {
				t.Errorf("selected %v, %v, want %d", got, err, want)
			}
		})
	}
	if _, err := parseHostile("crash,typo"); err == nil {
		t.Error("an unknown misbehaviour was accepted")
	}
}
