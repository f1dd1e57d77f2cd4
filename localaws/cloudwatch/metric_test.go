package cloudwatch

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// stats asks for statistics of a metric of namespace App over the hour from start.
func stats(name string, change func(*GetMetricStatisticsInput)) *GetMetricStatisticsInput {
	in := &GetMetricStatisticsInput{
		Namespace:  "App",
		MetricName: name,
		StartTime:  at(0),
		EndTime:    at(time.Hour),
		Period:     60,
		Statistics: []string{"SampleCount", "Average", "Sum", "Minimum", "Maximum"},
	}

	if change != nil {
		change(in)
	}

	return in
}

func put(data ...MetricDatum) *PutMetricDataInput {
	return &PutMetricDataInput{Namespace: "App", MetricData: data}
}

func TestE26StatisticsOfAMinute(t *testing.T) {
	t.Parallel()

	b := open(t)
	for _, v := range []float64{1, 2, 3, 10} {
		b.counter("Size", v)
	}

	b.advance(time.Minute)
	b.counter("Size", 7)
	out := ok[GetMetricStatisticsOutput](b, "GetMetricStatistics", stats("Size", func(in *GetMetricStatisticsInput) {
		in.ExtendedStatistics = []string{"p50", "p99", "p0", "p100"}
	}))
	if out.Label != "Size" || len(out.Datapoints) != 2 {
		t.Fatalf("%+v", out)
	}

	d := out.Datapoints[0]
	if *d.SampleCount != 4 || *d.Average != 4 || *d.Sum != 16 || *d.Minimum != 1 || *d.Maximum != 10 || d.Unit != "Count" || !d.Timestamp.Time().Equal(start) {
		t.Errorf("datapoint %+v", d)
	}

	if p := d.ExtendedStatistics; p["p50"] != 2 || p["p99"] != 10 || p["p0"] != 1 || p["p100"] != 10 {
		t.Errorf("percentiles %v", p)
	}

	only := ok[GetMetricStatisticsOutput](b, "GetMetricStatistics", stats("Size", func(in *GetMetricStatisticsInput) {
		in.Statistics = []string{"Sum"}
		in.Period = 300
	}))
	if d := only.Datapoints; len(d) != 1 || *d[0].Sum != 23 || d[0].Average != nil || d[0].ExtendedStatistics != nil {
		t.Errorf("datapoints %+v, want the sum alone", d)
	}
}

func TestE26OneDatapointForEachUnit(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricData", put(
		MetricDatum{
			MetricName: "Latency",
			Value:      ptr(1.0),
			Unit:       "Seconds",
		}, MetricDatum{
			MetricName: "Latency",
			Value:      ptr(20.0),
			Unit:       "Milliseconds",
		}))

	if out := ok[GetMetricStatisticsOutput](b, "GetMetricStatistics", stats("Latency", nil)); len(out.Datapoints) != 2 {
		t.Errorf("%+v", out)
	}

	out := ok[GetMetricStatisticsOutput](b, "GetMetricStatistics", stats("Latency", func(in *GetMetricStatisticsInput) { in.Unit = "Seconds" }))
	if len(out.Datapoints) != 1 || *out.Datapoints[0].Sum != 1 {
		t.Errorf("%+v", out)
	}
}

func TestE26BadQuestionsAreRefused(t *testing.T) {
	t.Parallel()

	b := open(t)
	for _, tt := range []struct {
		name          string
		change        func(*GetMetricStatisticsInput)
		code, message string
	}{
		{"too many datapoints", func(in *GetMetricStatisticsInput) { in.EndTime = at(1441 * time.Minute) }, "InvalidParameterCombination",
			"You have requested up to 1441 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by " +
				"increasing Period, or decreasing the time range."},
		{"empty range", func(in *GetMetricStatisticsInput) { in.EndTime = in.StartTime }, "InvalidParameterValue",
			"The parameter StartTime must be less than the parameter EndTime."},
		{"no statistics", func(in *GetMetricStatisticsInput) { in.Statistics = nil }, "MissingParameter", "Must specify either Statistics or ExtendedStatistics"},
		{"statistic", func(in *GetMetricStatisticsInput) { in.Statistics = []string{"Mode"} }, "InvalidParameterValue", ""},
		{"period", func(in *GetMetricStatisticsInput) { in.Period = 61 }, "InvalidParameterValue", ""},
		{"no period", func(in *GetMetricStatisticsInput) { in.Period = 0 }, "MissingParameter", "The parameter Period is required."},
		{"unit", func(in *GetMetricStatisticsInput) { in.Unit = "Apples" }, "ValidationError", ""},
		{"no start", func(in *GetMetricStatisticsInput) { in.StartTime = nil }, "MissingParameter", ""},
		{"no namespace", func(in *GetMetricStatisticsInput) { in.Namespace = "" }, "MissingParameter", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := b.in(t)

			refused(b, "GetMetricStatistics", stats("Size", tt.change), tt.code, tt.message)
		})
	}
}

func TestE29PutMetricDataTakesValuesCountsAndSets(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricData", put(
		MetricDatum{
			MetricName: "Size",
			Values:     []float64{1, 5},
			Counts:     []float64{3, 1},
		},
		MetricDatum{MetricName: "Size", Values: []float64{2}},
		MetricDatum{
			MetricName:      "Size",
			StatisticValues: &StatisticSet{ptr(2.0), ptr(30.0), ptr(10.0), ptr(20.0)},
			Timestamp:       at(10 * time.Minute),
		},
	))

	out := ok[GetMetricStatisticsOutput](b, "GetMetricStatistics", stats("Size", func(in *GetMetricStatisticsInput) { in.ExtendedStatistics = []string{"p50"} }))
	if len(out.Datapoints) != 2 {
		t.Fatalf("%+v", out)
	}

	if d := out.Datapoints[0]; *d.SampleCount != 5 || *d.Sum != 10 || d.ExtendedStatistics["p50"] != 1 {
		t.Errorf("values and counts: %+v", d)
	}

	if d := out.Datapoints[1]; *d.Average != 15 || *d.Maximum != 20 || d.ExtendedStatistics != nil || !d.Timestamp.Time().Equal(start.Add(10*time.Minute)) {
		t.Errorf("a statistic set: %+v, want no percentile, which cannot be told", d)
	}
}

func TestE29BadDataAreRefusedAndNoneOfTheirCallIsTaken(t *testing.T) {
	t.Parallel()

	b := open(t)
	good := MetricDatum{MetricName: "Good", Value: ptr(1.0)}
	for _, tt := range []struct {
		name    string
		change  func(d *MetricDatum)
		code    string
		message string // empty: any
	}{
		{"value and values", func(d *MetricDatum) { d.Values = []float64{1} }, "InvalidParameterCombination",
			"The parameters MetricData.member.2.Value and MetricData.member.2.Values are mutually exclusive and you have specified both."},
		{"more counts than values", func(d *MetricDatum) { d.Value = nil; d.Values = []float64{1}; d.Counts = []float64{1, 2} }, "InvalidParameterValue",
			"The parameters MetricData.member.2.Values and MetricData.member.2.Counts must be of the same size."},
		{"no value", func(d *MetricDatum) { d.Value = nil }, "MissingParameter", ""},
		{"no name", func(d *MetricDatum) { d.MetricName = "" }, "MissingParameter", ""},
		{"too many values", func(d *MetricDatum) { d.Value = nil; d.Values = make([]float64, 151) }, "InvalidParameterValue", ""},
		{"not a number", func(d *MetricDatum) { d.Value = ptr(math.NaN()) }, "InvalidParameterValue", ""},
		{"infinite", func(d *MetricDatum) { d.Value = ptr(math.Inf(-1)) }, "InvalidParameterValue", ""},
		{"negative count", func(d *MetricDatum) { d.Value = nil; d.Values = []float64{1}; d.Counts = []float64{-1} }, "InvalidParameterValue", ""},
		{"too old", func(d *MetricDatum) { d.Timestamp = at(-15 * 24 * time.Hour) }, "InvalidParameterValue", ""},
		{"in the future", func(d *MetricDatum) { d.Timestamp = at(3 * time.Hour) }, "InvalidParameterValue", ""},
		{"resolution", func(d *MetricDatum) { d.StorageResolution = ptr(5) }, "InvalidParameterValue", ""},
		{"unit", func(d *MetricDatum) { d.Unit = "Apples" }, "ValidationError", ""},
		{"too many dimensions", func(d *MetricDatum) { d.Dimensions = make([]Dimension, 31) }, "InvalidParameterValue", ""},
		{"same dimension twice", func(d *MetricDatum) { d.Dimensions = []Dimension{{"a", "1"}, {"a", "2"}} }, "InvalidParameterValue", ""},
		{"incomplete set", func(d *MetricDatum) { d.Value = nil; d.StatisticValues = &StatisticSet{SampleCount: ptr(1.0)} }, "InvalidParameterValue", ""},
		{"minimum above maximum", func(d *MetricDatum) {
			d.Value = nil
			d.StatisticValues = &StatisticSet{ptr(1.0), ptr(1.0), ptr(2.0), ptr(1.0)}
		}, "InvalidParameterValue", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := b.in(t)

			bad := MetricDatum{MetricName: "x", Value: ptr(1.0)}
			tt.change(&bad)
			refused(b, "PutMetricData", put(good, bad), tt.code, tt.message)
		})
	}

	refused(b, "PutMetricData", &PutMetricDataInput{Namespace: "AWS/SQS", MetricData: []MetricDatum{good}}, "InvalidParameterValue", "")
	refused(b, "PutMetricData", put(make([]MetricDatum, 1001)...), "InvalidParameterValue", "")
	if out := ok[ListMetricsOutput](b, "ListMetrics", &ListMetricsInput{}); len(out.Metrics) != 0 {
		t.Errorf("metrics %v from refused calls", out.Metrics)
	}
}

func TestE27GetMetricDataGivesNewestFirstAndMath(t *testing.T) {
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
		t.Errorf("calls %+v", calls)
	}

	if rate.Label != "Rate" || !slices.Equal(rate.Values, []float64{2.0 / 30, 1.0 / 20, 0}) {
		t.Errorf("rate %+v", rate)
	}

	if none.Values == nil || none.Timestamps == nil || len(none.Values) != 0 {
		t.Errorf("a metric without data %+v, want empty lists", none)
	}

	in.ScanBy = "TimestampAscending"
	if out := ok[GetMetricDataOutput](b, "GetMetricData", in); !slices.Equal(out.MetricDataResults[0].Values, []float64{10, 20, 30}) {
		t.Errorf("ascending %+v", out)
	}
}

func TestE27ThePeriodIncludesItsBeginAndNotItsEnd(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.counter("Calls", 1)
	b.advance(time.Minute)
	b.counter("Calls", 2)
	out := ok[GetMetricStatisticsOutput](b, "GetMetricStatistics", stats("Calls", func(in *GetMetricStatisticsInput) { in.EndTime = at(time.Minute) }))
	if len(out.Datapoints) != 1 || *out.Datapoints[0].Sum != 1 {
		t.Errorf("%+v", out.Datapoints)
	}
}

func TestE27MixedUnitsGiveAMessage(t *testing.T) {
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
		t.Errorf("messages %v", out.Messages)
	}
}

func TestE27BadQueriesAreRefused(t *testing.T) {
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
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}

func TestE28ListMetricsFindsByNameAndDimension(t *testing.T) {
	t.Parallel()

	b := open(t)
	for _, q := range []string{"b", "a"} {
		b.Record(account, region, Datum{
			Namespace:  "AWS/SQS",
			Name:       "Sent",
			Dimensions: []Dimension{{"QueueName", q}},
			Value:      1,
		})
	}

	b.counter("Calls", 1)
	for _, tt := range []struct {
		in   ListMetricsInput
		want int
	}{
		{ListMetricsInput{}, 3},
		{ListMetricsInput{Namespace: "AWS/SQS"}, 2},
		{ListMetricsInput{MetricName: "Calls"}, 1},
		{ListMetricsInput{Dimensions: []DimensionFilter{{Name: "QueueName"}}}, 2},
		{ListMetricsInput{Dimensions: []DimensionFilter{{"QueueName", "a"}}}, 1},
		{ListMetricsInput{Dimensions: []DimensionFilter{{"QueueName", "c"}}}, 0},
		{ListMetricsInput{RecentlyActive: "PT3H"}, 3},
	} {
		t.Run(fmt.Sprintf("%+v", tt.in), func(t *testing.T) {
			b := b.in(t)

			if out := ok[ListMetricsOutput](b, "ListMetrics", &tt.in); len(out.Metrics) != tt.want {
				t.Errorf("%+v lists %v, want %d", tt.in, out.Metrics, tt.want)
			}
		})
	}

	b.advance(4 * time.Hour)
	if out := ok[ListMetricsOutput](b, "ListMetrics", &ListMetricsInput{RecentlyActive: "PT3H"}); len(out.Metrics) != 0 {
		t.Errorf("after 4 h recently active: %v", out.Metrics)
	}

	b.advance(14 * 24 * time.Hour)
	if out := ok[ListMetricsOutput](b, "ListMetrics", &ListMetricsInput{}); len(out.Metrics) != 0 {
		t.Errorf("after two weeks: %v", out.Metrics)
	}
}

func TestE28ListMetricsPages(t *testing.T) {
	t.Parallel()

	b := open(t)
	for i := range 501 {
		b.counter("m"+strings.Repeat("x", i), 1)
	}
	first := ok[ListMetricsOutput](b, "ListMetrics", &ListMetricsInput{})
	second := ok[ListMetricsOutput](b, "ListMetrics", &ListMetricsInput{NextToken: first.NextToken})
	if len(first.Metrics) != 500 || len(second.Metrics) != 1 || second.NextToken != "" {
		t.Errorf("pages of %d and %d", len(first.Metrics), len(second.Metrics))
	}
	refused(b, "ListMetrics", &ListMetricsInput{NextToken: "?"}, "InvalidNextToken", "")
}

func TestTheNumberOfMetricsIsBounded(t *testing.T) {
	t.Parallel()

	b := open(t, func(o *Options) { o.MaxMetrics = 2 })
	b.counter("a", 1)
	b.counter("b", 1)
	b.counter("c", 1)
	b.counter("a", 1)
	if out := ok[ListMetricsOutput](b, "ListMetrics", &ListMetricsInput{}); len(out.Metrics) != 2 {
		t.Errorf("metrics %v", out.Metrics)
	}
	refused(b, "PutMetricData", put(MetricDatum{MetricName: "d", Value: ptr(1.0)}), "LimitExceeded", "")
}

func TestSamplesAreTakenEachMinuteAndBeforeReads(t *testing.T) {
	t.Parallel()

	b := open(t)
	asked := 0
	b.AddSampler(func(emit func(account, region string, d Datum)) {
		asked++
		emit(account, region, Datum{
			Namespace: "App",
			Name:      "Level",
			Value:     float64(asked),
			Gauge:     true,
		})
	})

	b.advance(3*time.Minute + 30*time.Second)
	if asked != 3 {
		t.Errorf("asked %d times in three minutes and a half", asked)
	}

	out := ok[GetMetricStatisticsOutput](b, "GetMetricStatistics", stats("Level", nil))
	if asked != 4 || len(out.Datapoints) != 4 {
		t.Fatalf("asked %d times, %d datapoints", asked, len(out.Datapoints))
	}

	if d := out.Datapoints[0]; !d.Timestamp.Time().Equal(start) || *d.Sum != 1 {
		t.Errorf("the sample of 03:05:00 stands at %v, want the minute that it ends", d.Timestamp.Time())
	}
}

func TestOldDataAreMergedAsAWSDoes(t *testing.T) {
	t.Parallel()

	now := int64(500 * day)
	for _, tt := range []struct {
		age, span, want int64 // want 0: gone
	}{
		{60, 1, 1}, {4 * hour, 1, 60}, {4 * hour, 60, 60}, {16 * day, 60, 300}, {64 * day, 60, 3600}, {64 * day, 300, 3600}, {456 * day, 3600, 0},
	} {
		t.Run(fmt.Sprintf("%d s bucket after %d s", tt.span, tt.age), func(t *testing.T) {
			got := compactBuckets([]bucket{{
				start: now - tt.age,
				span:  tt.span,
				count: 1,
				sum:   1,
			}}, now)
			if tt.want == 0 && len(got) != 0 || tt.want > 0 && (len(got) != 1 || got[0].span != tt.want || got[0].start%tt.want != 0) {
				t.Errorf("a bucket of %d s, %d s old became %+v, want a span of %d", tt.span, tt.age, got, tt.want)
			}
		})
	}
}

// Merging loses no value, whatever the ages.
func TestMergingKeepsCountSumAndExtremes(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		now := int64(400 * day)
		s := &series{compactAt: 1 << 20}
		var count, sum, least, most float64
		for i := range rapid.IntRange(1, 200).Draw(t, "n") {
			age := rapid.Int64Range(0, 390*day).Draw(t, "age")
			v := float64(rapid.IntRange(-50, 50).Draw(t, "value"))
			s.bucketAt(now-age, rapid.Bool().Draw(t, "fine")).add(v, 1)
			if i == 0 {
				least = v
				most = v
			}
			count = count + 1
			sum = sum + v
			least = min(least, v)
			most = max(most, v)
		}

		s.buckets = compactBuckets(s.buckets, now)
		var whole bucket
		s.mergeRange(&whole, 0, now+1)
		if whole.count != count || whole.sum != sum || whole.min != least || whole.max != most {
			t.Fatalf("count %v sum %v min %v max %v, want %v %v %v %v", whole.count, whole.sum, whole.min, whole.max, count, sum, least, most)
		}
		if !slices.IsSortedFunc(s.buckets, func(a, b bucket) int { return int(a.start - b.start) }) {
			t.Fatal("buckets are out of order")
		}
	})
}

func TestPercentilesOfManyValuesAreWithinOnePercent(t *testing.T) {
	t.Parallel()

	var b bucket
	for i := 1; i <= 10_000; i++ {
		b.add(float64((i*7919)%10_000+1), 1)
	}

	for _, p := range []float64{50, 90, 99, 99.9} {
		t.Run(fmt.Sprint("p", p), func(t *testing.T) {
			want := p * 100
			if got := b.percentile(p); math.Abs(got-want) > want/100 {
				t.Errorf("p%v is %v, want about %v", p, got, want)
			}
		})
	}

	if len(b.values) > 3000 {
		t.Errorf("%d values are kept", len(b.values))
	}
}
