package cloudwatch

import (
	"math"
	"testing"
	"time"
)

const emfLine = `{"_aws":{"Timestamp":1767323100000,"CloudWatchMetrics":[{"Namespace":"Orders","Dimensions":[["Service"],["Service","Store"]],
	"Metrics":[{"Name":"Processed","Unit":"Count"},{"Name":"Latency","Unit":"Milliseconds","StorageResolution":1},{"Name":"Absent"}]}]},
	"Service":"consumer","Store":"3","Processed":5,"Latency":[1.5,2.5],"note":"x"}`

func TestEMFHasADatumForEachMetricAndDimensionSet_E34(t *testing.T) {
	t.Parallel()

	data := parseEMF(emfLine, start)
	if len(data) != 6 {
		t.Fatalf("%d data, want 6: %+v", len(data), data)
	}

	first := data[0]
	last := data[5]
	if first.Name != "Processed" || first.Value != 5 || first.Unit != "Count" || len(first.Dimensions) != 1 || !first.Time.Equal(start.Add(time.Minute)) {
		t.Errorf("first datum %+v, want Processed with one dimension", first)
	}

	if last.Name != "Latency" || last.Value != 2.5 || !last.HighResolution || len(last.Dimensions) != 2 || last.Dimensions[1] != (Dimension{"Store", "3"}) {
		t.Errorf("last datum %+v, want Latency with two dimensions", last)
	}
}

func TestEMFLineIsRecordedAsMetrics_E34(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.RecordEMF(account, region, emfLine, start)
	out := ok[GetMetricStatisticsOutput](b, "GetMetricStatistics", &GetMetricStatisticsInput{
		Namespace:  "Orders",
		MetricName: "Latency",
		Dimensions: []Dimension{{"Store", "3"}, {"Service", "consumer"}},
		StartTime:  at(0),
		EndTime:    at(time.Hour),
		Period:     60,
		Statistics: []string{"Sum"},
	})

	if len(out.Datapoints) != 1 || *out.Datapoints[0].Sum != 4 || out.Datapoints[0].Unit != "Milliseconds" {
		t.Errorf("got %+v, want one datapoint with the sum 4", out)
	}
}

func TestInvalidEMFIsIgnored_E34(t *testing.T) {
	t.Parallel()

	for name, line := range map[string]string{
		"plain text":          "processed 5 orders",
		"other JSON":          `{"level":"INFO"}`,
		"mentions _aws":       `text "_aws" text`,
		"no namespace":        `{"_aws":{"CloudWatchMetrics":[{"Dimensions":[[]],"Metrics":[{"Name":"a"}]}]},"a":1}`,
		"missing dimension":   `{"_aws":{"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["D"]],"Metrics":[{"Name":"a"}]}]},"a":1}`,
		"dimension no string": `{"_aws":{"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["D"]],"Metrics":[{"Name":"a"}]}]},"a":1,"D":7}`,
		"value is text":       `{"_aws":{"CloudWatchMetrics":[{"Namespace":"N","Metrics":[{"Name":"a"}]}]},"a":"1"}`,
		"value is null":       `{"_aws":{"CloudWatchMetrics":[{"Namespace":"N","Metrics":[{"Name":"a"}]}]},"a":null}`,
		"unknown unit":        `{"_aws":{"CloudWatchMetrics":[{"Namespace":"N","Metrics":[{"Name":"a","Unit":"Apples"}]}]},"a":1}`,
		"wrong shape":         `{"_aws":{"CloudWatchMetrics":{"Namespace":"N"}},"a":1}`,
		"not an object":       `["_aws"]`,
	} {
		t.Run(name, func(t *testing.T) {
			if data := parseEMF(line, start); len(data) != 0 {
				t.Errorf("got %+v, want no data", data)
			}
		})
	}
}

func TestEMFWithoutTimestampHasTimeOfLine_E34(t *testing.T) {
	t.Parallel()

	data := parseEMF(`{"_aws":{"CloudWatchMetrics":[{"Namespace":"N","Metrics":[{"Name":"a"}]}]},"a":1}`, start)
	if len(data) != 1 || !data[0].Time.Equal(start) || data[0].Dimensions != nil {
		t.Errorf("got %+v, want one data point at the time of the line", data)
	}
}

func FuzzEMF(f *testing.F) {
	f.Add(emfLine)
	f.Add(`{"_aws":{"Timestamp":1e300,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"a"}]}]},"a":[1,2]}`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, d := range parseEMF(line, start) {
			if d.Namespace == "" || math.IsNaN(d.Value) || math.IsInf(d.Value, 0) || len(d.Dimensions) > maxEMFDimensions || d.Time.Year() > 40000 {
				t.Errorf("%q has the invalid datum %+v", line, d)
			}
		}
	})
}
