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

// stats returns a request for the statistics of a metric in the namespace App, over
// the hour from start.
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

func TestStatisticsOfOneMinute_E26(t *testing.T) {
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
		t.Errorf("datapoints %+v, want only the sum", d)
	}
}

func TestGetMetricStatisticsReturnsDatapointPerUnit_E26(t *testing.T) {
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

func TestGetMetricStatisticsRefusesInvalidInput_E26(t *testing.T) {
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

func TestPeriodIncludesStartAndExcludesEnd_E27(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.counter("Calls", 1)
	b.advance(time.Minute)
	b.counter("Calls", 2)
	out := ok[GetMetricStatisticsOutput](b, "GetMetricStatistics", stats("Calls", func(in *GetMetricStatisticsInput) { in.EndTime = at(time.Minute) }))
	if len(out.Datapoints) != 1 || *out.Datapoints[0].Sum != 1 {
		t.Errorf("got %+v, want only the datapoint before the end", out.Datapoints)
	}
}

func TestListMetricsFiltersByNameAndDimension_E28(t *testing.T) {
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
		t.Errorf("recently active after 4 h: %v, want none", out.Metrics)
	}

	b.advance(14 * 24 * time.Hour)
	if out := ok[ListMetricsOutput](b, "ListMetrics", &ListMetricsInput{}); len(out.Metrics) != 0 {
		t.Errorf("metrics after two weeks: %v, want none", out.Metrics)
	}
}

func TestListMetricsReturnsPages_E28(t *testing.T) {
	t.Parallel()

	b := open(t)
	for i := range 501 {
		b.counter("m"+strings.Repeat("x", i), 1)
	}
	first := ok[ListMetricsOutput](b, "ListMetrics", &ListMetricsInput{})
	second := ok[ListMetricsOutput](b, "ListMetrics", &ListMetricsInput{NextToken: first.NextToken})
	if len(first.Metrics) != 500 || len(second.Metrics) != 1 || second.NextToken != "" {
		t.Errorf("pages of %d and %d, want 500 and 1", len(first.Metrics), len(second.Metrics))
	}
	refused(b, "ListMetrics", &ListMetricsInput{NextToken: "?"}, "InvalidNextToken", "")
}

func TestNumberOfMetricsIsLimited(t *testing.T) {
	t.Parallel()

	b := open(t, func(o *Options) { o.MaxMetrics = 2 })
	b.counter("a", 1)
	b.counter("b", 1)
	b.counter("c", 1)
	b.counter("a", 1)
	if out := ok[ListMetricsOutput](b, "ListMetrics", &ListMetricsInput{}); len(out.Metrics) != 2 {
		t.Errorf("metrics %v, want two", out.Metrics)
	}
	refused(b, "PutMetricData", put(MetricDatum{MetricName: "d", Value: ptr(1.0)}), "LimitExceeded", "")
}

func TestSamplersAreCalledEachMinuteAndBeforeReads(t *testing.T) {
	t.Parallel()

	b := open(t)
	called := 0
	b.AddSampler(func(emit func(account, region string, d Datum)) {
		called++
		emit(account, region, Datum{
			Namespace: "App",
			Name:      "Level",
			Value:     float64(called),
			Gauge:     true,
		})
	})

	b.advance(3*time.Minute + 30*time.Second)
	if called != 3 {
		t.Errorf("called %d times in three minutes and a half, want 3", called)
	}

	out := ok[GetMetricStatisticsOutput](b, "GetMetricStatistics", stats("Level", nil))
	if called != 4 || len(out.Datapoints) != 4 {
		t.Fatalf("called %d times with %d datapoints, want 4 of each", called, len(out.Datapoints))
	}

	if d := out.Datapoints[0]; !d.Timestamp.Time().Equal(start) || *d.Sum != 1 {
		t.Errorf("the sample of 03:05:00 is at %v, want the minute that ends then", d.Timestamp.Time())
	}
}

func TestOldDataIsMergedByAge(t *testing.T) {
	t.Parallel()

	now := int64(500 * day)
	for _, tt := range []struct {
		age, span, want int64 // want 0 means removed
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

// Merging loses no value, at any age.
func TestMergingPreservesCountSumAndExtremes(t *testing.T) {
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
		t.Errorf("%d values are stored, want at most 3000", len(b.values))
	}
}
