package logs

import (
	"fmt"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
)

// newBenchmarked returns a service with a group g.
func newBenchmarked(b *testing.B) *Service {
	b.Helper()
	c := clock.New(clock.Manual, start)
	b.Cleanup(c.Close)
	s, err := New(Options{Clock: c, Chance: chance.Seeded(1)})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.EnsureGroup(account, region, "g"); err != nil {
		b.Fatal(err)
	}
	return s
}

// countErrors returns a metric filter that counts lines with ERROR in group g.
func countErrors(change func(*PutMetricFilterInput)) *PutMetricFilterInput {
	pattern := "ERROR"
	in := &PutMetricFilterInput{
		LogGroupName:  "g",
		FilterName:    "errors",
		FilterPattern: &pattern,
		MetricTransformations: []MetricTransformation{{
			MetricName:      "Errors",
			MetricNamespace: "App",
			MetricValue:     "1",
		}},
	}

	if change != nil {
		change(in)
	}

	return in
}

// newMeasured returns a fixture and the list of its measurements.
func newMeasured(t *testing.T) (*fixture, *[]Measurement) {
	t.Helper()
	b := open(t)
	var got []Measurement
	b.OnMeasurement(func(_, _ string, m Measurement) { got = append(got, m) })
	b.group("g", "s")
	return b, &got
}

func TestMetricFilterCountsMatches_E13(t *testing.T) {
	t.Parallel()

	b, got := newMeasured(t)
	ok[awsapi.None](b, "PutMetricFilter", countErrors(nil))
	b.write("g", "s", start, "ERROR 1", "fine", "ERROR 2")
	if len(*got) != 2 || (*got)[1].Value != 1 || (*got)[1].Name != "Errors" || (*got)[1].Unit != "None" || !(*got)[1].Time.Equal(start.Add(2*time.Second)) {
		t.Errorf("measurements %+v", *got)
	}

	ok[awsapi.None](b, "DeleteMetricFilter", &DeleteMetricFilterInput{LogGroupName: "g", FilterName: "errors"})
	b.write("g", "s", start, "ERROR 3")
	if len(*got) != 2 {
		t.Errorf("measurements %+v after the filter was deleted, want no new one", *got)
	}
}

func TestMetricFilterExtractsValueAndDimensions_E13(t *testing.T) {
	t.Parallel()

	b, got := newMeasured(t)
	ok[awsapi.None](b, "PutMetricFilter", countErrors(func(in *PutMetricFilterInput) {
		p := `{ $.ms > 0 }`
		in.FilterPattern = &p
		in.MetricTransformations[0].MetricValue = "$.ms"
		in.MetricTransformations[0].Unit = "Milliseconds"
		in.MetricTransformations[0].Dimensions = map[string]string{"Store": "$.store"}
	}))

	b.write("g", "s", start, `{"ms":12.5,"store":"3"}`, `{"ms":1}`, `{"ms":"many","store":"3"}`)
	if len(*got) != 1 || (*got)[0].Value != 12.5 || (*got)[0].Dimensions["Store"] != "3" || (*got)[0].Unit != "Milliseconds" {
		t.Errorf("measurements %+v", *got)
	}
}

func TestDefaultValueIsReportedForMinutesWithoutMatch_E13(t *testing.T) {
	t.Parallel()

	b, got := newMeasured(t)
	zero := 0.0
	ok[awsapi.None](b, "PutMetricFilter", countErrors(func(in *PutMetricFilterInput) { in.MetricTransformations[0].DefaultValue = &zero }))
	b.write("g", "s", start, "fine")
	b.write("g", "s", start, "fine too")
	b.advance(time.Minute)
	if len(*got) != 1 || (*got)[0].Value != 0 || !(*got)[0].Time.Equal(start.Truncate(time.Minute)) {
		t.Errorf("a minute without a match: measurements %+v, want the default value", *got)
	}

	b.advance(10 * time.Minute)
	if len(*got) != 1 {
		t.Errorf("minutes without events: measurements %+v, want no new one", *got)
	}

	b.write("g", "s", b.clock.Now(), "fine")
	b.write("g", "s", b.clock.Now(), "ERROR")
	b.advance(time.Minute)
	if len(*got) != 2 || (*got)[1].Value != 1 {
		t.Errorf("a minute with a match: measurements %+v, want the match only", *got)
	}

	b.write("g", "s", b.clock.Now(), "fine")
	ok[awsapi.None](b, "DeleteLogGroup", &DeleteLogGroupInput{LogGroupName: "g"})
	b.advance(time.Minute)
	if len(*got) != 2 {
		t.Errorf("a deleted group: measurements %+v, want no new one", *got)
	}
}

func TestMetricFiltersAreDescribedAndReplaced_E13(t *testing.T) {
	t.Parallel()

	b, _ := newMeasured(t)
	b.group("h", "s")
	ok[awsapi.None](b, "PutMetricFilter", countErrors(nil))
	ok[awsapi.None](b, "PutMetricFilter", countErrors(func(in *PutMetricFilterInput) { in.MetricTransformations[0].MetricValue = "2" }))
	ok[awsapi.None](b, "PutMetricFilter", countErrors(func(in *PutMetricFilterInput) {
		in.LogGroupName = "h"
		in.FilterName = "another"
	}))
	all := ok[DescribeMetricFiltersOutput](b, "DescribeMetricFilters", &DescribeMetricFiltersInput{MetricName: "Errors", MetricNamespace: "App"}).MetricFilters
	if len(all) != 2 || all[0].FilterName != "another" || all[1].MetricTransformations[0].MetricValue != "2" || all[1].CreationTime != start.UnixMilli() {
		t.Errorf("filters %+v, want the replaced one and another", all)
	}

	for _, in := range []DescribeMetricFiltersInput{{LogGroupName: "h"}, {FilterNamePrefix: "a"}} {
		t.Run(fmt.Sprintf("%+v", in), func(t *testing.T) {
			b := b.in(t)

			if out := ok[DescribeMetricFiltersOutput](b, "DescribeMetricFilters", &in); len(out.MetricFilters) != 1 {
				t.Errorf("got %+v, want one filter", out)
			}
		})
	}

	refused(b, "DescribeMetricFilters", &DescribeMetricFiltersInput{MetricName: "x"}, "InvalidParameterException", "")
	refused(b, "DeleteMetricFilter", &DeleteMetricFilterInput{LogGroupName: "g", FilterName: "x"}, "ResourceNotFoundException",
		"The specified metric filter does not exist.")
}

func TestInvalidMetricFiltersAreRefused_E13(t *testing.T) {
	t.Parallel()

	b, _ := newMeasured(t)
	zero := 0.0
	broken := "{"
	for name, change := range map[string]func(*PutMetricFilterInput){
		"no name":        func(in *PutMetricFilterInput) { in.FilterName = "" },
		"bad name":       func(in *PutMetricFilterInput) { in.FilterName = "a:b" },
		"no pattern":     func(in *PutMetricFilterInput) { in.FilterPattern = nil },
		"broken pattern": func(in *PutMetricFilterInput) { in.FilterPattern = &broken },
		"none":           func(in *PutMetricFilterInput) { in.MetricTransformations = nil },
		"transformed":    func(in *PutMetricFilterInput) { in.ApplyOnTransformedLogs = true },
		"no metric":      func(in *PutMetricFilterInput) { in.MetricTransformations[0].MetricName = "" },
		"no namespace":   func(in *PutMetricFilterInput) { in.MetricTransformations[0].MetricNamespace = "" },
		"bad metric":     func(in *PutMetricFilterInput) { in.MetricTransformations[0].MetricName = "a$" },
		"bad value":      func(in *PutMetricFilterInput) { in.MetricTransformations[0].MetricValue = "one" },
		"infinite value": func(in *PutMetricFilterInput) { in.MetricTransformations[0].MetricValue = "Inf" },
		"bad dimension":  func(in *PutMetricFilterInput) { in.MetricTransformations[0].Dimensions = map[string]string{"a": "b"} },
		"many dimensions": func(in *PutMetricFilterInput) {
			in.MetricTransformations[0].Dimensions = map[string]string{
				"a": "$.a",
				"b": "$.b",
				"c": "$.c",
				"d": "$.d",
			}
		},
		"dimensions and default": func(in *PutMetricFilterInput) {
			in.MetricTransformations[0].Dimensions = map[string]string{"a": "$.a"}
			in.MetricTransformations[0].DefaultValue = &zero
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)

			if _, err := do[awsapi.None](b, "PutMetricFilter", countErrors(change)); err == nil || awsapi.AsError(err).Code != "InvalidParameterException" {
				t.Errorf("error %v, want InvalidParameterException", err)
			}
		})
	}
}

func TestTestMetricFilterReturnsMatchesAndValues(t *testing.T) {
	t.Parallel()

	b := open(t)
	p := "[ip, user, status = 4*]"
	lines := []string{"1.1.1.1 a 200", "2.2.2.2 b 404"}
	out := ok[TestMetricFilterOutput](b, "TestMetricFilter", &TestMetricFilterInput{FilterPattern: &p, LogEventMessages: lines})
	if len(out.Matches) != 1 || out.Matches[0].EventNumber != 2 || out.Matches[0].ExtractedValues["$ip"] != "2.2.2.2" {
		t.Errorf("got %+v, want the second message with its values", out)
	}
	refused(b, "TestMetricFilter", &TestMetricFilterInput{FilterPattern: &p}, "InvalidParameterException", "")
	refused(b, "TestMetricFilter", &TestMetricFilterInput{LogEventMessages: []string{"x"}}, "InvalidParameterException", "")
}
