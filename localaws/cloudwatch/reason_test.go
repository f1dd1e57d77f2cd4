package cloudwatch

import (
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

func TestStateReasonsHaveTheTextsOfAWS_E24(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(func(in *PutMetricAlarmInput) {
		in.AlarmName = "m-of-n"
		in.EvaluationPeriods = ptr(2)
		in.DatapointsToAlarm = ptr(1)
	}))

	ok[awsapi.None](b, "PutMetricAlarm", onErrors(func(in *PutMetricAlarmInput) {
		in.AlarmName = "silent"
		in.MetricName = "Nothing"
		in.EvaluationPeriods = ptr(2)
		in.TreatMissingData = "breaching"
	}))

	b.counter("Errors", 21.5)
	b.advance(time.Minute)
	for name, want := range map[string]string{
		"errors": "Threshold Crossed: 1 datapoint [21.5 (02/01/26 03:04:00)] was greater than the threshold (21.0).",
		"m-of-n": "Threshold Crossed: 1 out of the last 2 datapoints [21.5 (02/01/26 03:04:00)] was greater than the threshold (21.0) " +
			"(minimum 1 datapoint for OK -> ALARM transition).",
		"silent": "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].",
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)

			if a := b.state(name); a.StateReason != want || a.StateValue != "ALARM" {
				t.Errorf("%s: %s\n got %s\nwant %s", name, a.StateValue, a.StateReason, want)
			}
		})
	}

	golden(t, "reason-data.json", b.state("errors").StateReasonData+"\n")
	b.advance(3 * time.Minute)
	if a := b.state("errors"); a.StateValue != "INSUFFICIENT_DATA" || a.StateReason != "Insufficient Data: 1 datapoint was unknown." {
		t.Errorf("state %s with reason %q, want INSUFFICIENT_DATA", a.StateValue, a.StateReason)
	}
}

func TestNumbersAreFormattedAsInJava_E24(t *testing.T) {
	t.Parallel()

	for v, want := range map[float64]string{
		0:        "0.0",
		21:       "21.0",
		21.5:     "21.5",
		-3:       "-3.0",
		1e7:      "1.0E7",
		12345678: "1.2345678E7",
		0.001:    "0.001",
		0.0001:   "1.0E-4",
	} {
		t.Run(want, func(t *testing.T) {
			if got := formatNumber(v); got != want {
				t.Errorf("%v is formatted as %s, want %s", v, got, want)
			}
		})
	}
}
