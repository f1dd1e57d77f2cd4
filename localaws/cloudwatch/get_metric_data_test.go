package cloudwatch

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

func TestGetMetricDataReturnsNewestFirstAndMath_E27(t *testing.T) {
	t.Parallel()

	b := open(t)
	for i := range 3 {
		b.counter("Calls", float64(10*(i+1)))
		b.counter("Errors", float64(i))
		b.advance(time.Minute)
	}

	query := func(id, name string, returned bool) MetricDataQuery {
		return MetricDataQuery{
			ID:         id,
			ReturnData: &returned,
			MetricStat: &MetricStat{
				Metric: &Metric{Namespace: "App", MetricName: name},
				Period: 60,
				Stat:   "Sum",
			},
		}
	}

	in := &GetMetricDataInput{
		StartTime: at(0),
		EndTime:   at(time.Hour),
		MetricDataQueries: []MetricDataQuery{
			query("calls", "Calls", true), query("errors", "Errors", false), {
				ID:         "rate",
				Expression: "errors / calls",
				Label:      "Rate",
			}, query("none", "None", true),
		},
	}

	out := ok[GetMetricDataOutput](b, "GetMetricData", in)
	if len(out.MetricDataResults) != 3 || len(out.Messages) != 0 || out.Messages == nil {
		t.Fatalf("%+v", out)
	}

	calls := out.MetricDataResults[0]
	rate := out.MetricDataResults[1]
	none := out.MetricDataResults[2]
	if !slices.Equal(calls.Values, []float64{30, 20, 10}) || calls.Label != "Calls" || calls.StatusCode != "Complete" ||
		!calls.Timestamps[0].Time().Equal(start.Add(2*time.Minute)) {
		t.Errorf("calls %+v, want newest first", calls)
	}

	if rate.Label != "Rate" || !slices.Equal(rate.Values, []float64{2.0 / 30, 1.0 / 20, 0}) {
		t.Errorf("rate %+v, want errors / calls", rate)
	}

	if none.Values == nil || none.Timestamps == nil || len(none.Values) != 0 {
		t.Errorf("a metric without data %+v, want empty lists", none)
	}

	in.ScanBy = "TimestampAscending"
	if out := ok[GetMetricDataOutput](b, "GetMetricData", in); !slices.Equal(out.MetricDataResults[0].Values, []float64{10, 20, 30}) {
		t.Errorf("ascending %+v", out)
	}
}

func TestMixedUnitsReturnMessage_E27(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricData", put(
		MetricDatum{
			MetricName: "L",
			Value:      ptr(1.0),
			Unit:       "Seconds",
		}, MetricDatum{
			MetricName: "L",
			Value:      ptr(20.0),
			Unit:       "Milliseconds",
		}))

	out := ok[GetMetricDataOutput](b, "GetMetricData", &GetMetricDataInput{
		StartTime: at(0),
		EndTime:   at(time.Hour),
		MetricDataQueries: []MetricDataQuery{
			{ID: "l", MetricStat: &MetricStat{
				Metric: &Metric{Namespace: "App", MetricName: "L"},
				Period: 60,
				Stat:   "Sum",
			}},
		},
	})

	if len(out.Messages) != 1 || out.Messages[0] != (MessageData{"MultipleUnits", "Multiple units returned: '[Milliseconds, Seconds]'"}) {
		t.Errorf("messages %v, want MultipleUnits", out.Messages)
	}
}

func TestGetMetricDataRefusesInvalidQueries_E27(t *testing.T) {
	t.Parallel()

	b := open(t)
	stat := &MetricStat{
		Metric: &Metric{Namespace: "App", MetricName: "L"},
		Period: 60,
		Stat:   "Sum",
	}

	for want, queries := range map[string][]MetricDataQuery{
		"is not matching": {{ID: "Upper", MetricStat: stat}},
		"not unique":      {{ID: "a", MetricStat: stat}, {ID: "a", MetricStat: stat}},
		"Exactly one of": {{
			ID:         "a",
			MetricStat: stat,
			Expression: "1",
		}},
		"unknown id b":         {{ID: "a", Expression: "b + 1"}},
		"depends on itself":    {{ID: "a", Expression: "b"}, {ID: "b", Expression: "a"}},
		"function SEARCH":      {{ID: "a", Expression: `SEARCH("x", "Sum", 60)`}},
		"uses no metric":       {{ID: "a", Expression: "1 + 1"}},
		"a single time series": {{ID: "m", MetricStat: stat}, {ID: "a", Expression: "METRICS()"}},
		"AccountId": {{
			ID:         "a",
			MetricStat: stat,
			AccountID:  "111111111111",
		}},
		"Stat.Metric": {{ID: "a", MetricStat: &MetricStat{Period: 60, Stat: "Sum"}}},
		"parameter Period": {{ID: "a", MetricStat: &MetricStat{
			Metric: stat.Metric,
			Period: 7,
			Stat:   "Sum",
		}}},
		"parameter Stat": {{ID: "a", MetricStat: &MetricStat{
			Metric: stat.Metric,
			Period: 60,
			Stat:   "Mode",
		}}},
	} {
		t.Run(want, func(t *testing.T) {
			b := b.in(t)

			_, err := b.GetMetricData(t.Context(), b.call, &GetMetricDataInput{
				StartTime:         at(0),
				EndTime:           at(time.Hour),
				MetricDataQueries: queries,
			})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
}
