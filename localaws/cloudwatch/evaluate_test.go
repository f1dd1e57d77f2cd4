package cloudwatch

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// datapoints parses datapoints from a picture, oldest first: 0 does not breach, X
// breaches, - is missing.
func datapoints(picture string) []datapoint {
	var out []datapoint
	for i, c := range strings.Fields(picture) {
		out = append(out, datapoint{
			start:   int64(i * 60),
			missing: c == "-",
			value:   map[string]float64{"X": 1}[c],
		})
	}
	return out
}

func high(v float64) bool { return v > 0 }

func TestAlarmsTreatMissingDataByTheTablesInTheGuide_E22(t *testing.T) {
	t.Parallel()

	const insufficient = "INSUFFICIENT_DATA"
	for _, tt := range []struct {
		m, n    int
		picture string
		want    [4]string // missing, ignore, breaching, notBreaching; empty: no change
	}{
		{3, 3, "0 - X - X", [4]string{"OK", "OK", "OK", "OK"}},
		{3, 3, "- - - - 0", [4]string{"OK", "OK", "OK", "OK"}},
		{3, 3, "- - - - -", [4]string{insufficient, "", "ALARM", "OK"}},
		{3, 3, "0 X X - X", [4]string{"ALARM", "ALARM", "ALARM", "ALARM"}},
		{3, 3, "- - X - -", [4]string{"ALARM", "", "ALARM", "OK"}},
		{2, 3, "0 - X - X", [4]string{"ALARM", "ALARM", "ALARM", "ALARM"}},
		{2, 3, "0 0 X 0 X", [4]string{"ALARM", "ALARM", "ALARM", "ALARM"}},
		{2, 3, "0 - X - -", [4]string{"OK", "OK", "ALARM", "OK"}},
		{2, 3, "- - - - 0", [4]string{"OK", "OK", "ALARM", "OK"}},
		{2, 3, "- - - X -", [4]string{"ALARM", "", "ALARM", "OK"}},
		{2, 3, "- - - - X", [4]string{insufficient, "", "ALARM", "OK"}},
		{1, 1, "- - X", [4]string{"ALARM", "ALARM", "ALARM", "ALARM"}},
		{1, 1, "X X 0", [4]string{"OK", "OK", "OK", "OK"}},
	} {
		t.Run(fmt.Sprintf("%d of %d with %s", tt.m, tt.n, tt.picture), func(t *testing.T) {
			for i, policy := range []string{"missing", "ignore", "breaching", "notBreaching"} {
				if got := applyAlarmRules(datapoints(tt.picture), tt.n, tt.m, high, policy).state; got != tt.want[i] {
					t.Errorf("%d of %d, %s, %s: %q, want %q", tt.m, tt.n, tt.picture, policy, got, tt.want[i])
				}
			}
		})
	}
}

func TestAlarmStateChangesEarlyIfBreachIsOldEnough_E23(t *testing.T) {
	t.Parallel()

	for picture, want := range map[string]string{
		"- - - - X": "INSUFFICIENT_DATA",
		"- - - X -": "INSUFFICIENT_DATA",
		"- - X - -": "ALARM",
		"- X - - -": "ALARM",
		"0 - X - -": "OK",
	} {
		t.Run(picture, func(t *testing.T) {
			if got := applyAlarmRules(datapoints(picture), 3, 3, high, "missing").state; got != want {
				t.Errorf("%s: %s, want %s", picture, got, want)
			}
		})
	}
}

// If no datapoint is missing, the policy does not matter.
func TestStateDependsOnCountWithoutMissingData_E21(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		m := rapid.IntRange(1, n).Draw(t, "m")
		points := make([]datapoint, n+2)
		breaching := 0
		for i := range points {
			points[i].value = float64(rapid.IntRange(0, 1).Draw(t, "value"))
			if i >= 2 && points[i].value > 0 {
				breaching++
			}
		}

		want := stateOK
		if breaching >= m {
			want = stateAlarm
		}

		for _, policy := range []string{"missing", "ignore", "breaching", "notBreaching"} {
			if got := applyAlarmRules(points, n, m, high, policy).state; got != want {
				t.Fatalf("%s: %s with %d breaching of %d, want %s", policy, got, breaching, n, want)
			}
		}
	})
}
