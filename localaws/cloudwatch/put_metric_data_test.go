package cloudwatch

import (
	"math"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

func put(data ...MetricDatum) *PutMetricDataInput {
	return &PutMetricDataInput{Namespace: "App", MetricData: data}
}

func TestPutMetricDataAcceptsValuesCountsAndSets_E29(t *testing.T) {
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
		t.Errorf("a statistic set: %+v, want no percentile, since single values are unknown", d)
	}
}

func TestPutMetricDataRefusesCallWithInvalidDatum_E29(t *testing.T) {
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
