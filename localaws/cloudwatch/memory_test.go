package cloudwatch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// totalMemory returns the memory of all metrics.
func (s *Service) totalMemory() (sum int64) {
	for _, res := range s.resources {
		for _, m := range res.metrics {
			sum += m.memory()
		}
	}
	return sum
}

// Functions create metrics by what they print. Neither many values, nor many times,
// nor long names may take more memory than the limit.
func TestMetricsStayWithinMemoryLimit(t *testing.T) {
	t.Parallel()

	const most = 4 << 20
	for name, datum := range map[string]func(i int) Datum{
		"ManyValues": func(i int) Datum {
			return Datum{
				Namespace: "N",
				Name:      fmt.Sprint("m", i%50),
				Value:     float64(i),
				Time:      start.Add(-time.Duration(i%1000) * time.Minute),
			}
		},
		"ManyTimes": func(i int) Datum {
			return Datum{
				Namespace: "N",
				Name:      "m",
				Value:     1,
				Time:      start.Add(time.Duration(i-40_000) * time.Minute),
			}
		},
		"ManySeconds": func(i int) Datum {
			return Datum{
				Namespace:      "N",
				Name:           "m",
				Value:          1,
				Time:           start.Add(time.Duration(i-40_000) * time.Second),
				HighResolution: true,
			}
		},
		"LongNames": func(i int) Datum {
			d := Datum{
				Namespace: "N",
				Name:      fmt.Sprint("m", i),
				Value:     1,
			}
			for k := range 20 {
				d.Dimensions = append(d.Dimensions, Dimension{fmt.Sprintf("%0200d", k), strings.Repeat("v", 1000)})
			}
			return d
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := open(t, func(o *Options) { o.MaxBytes = most })
			b.Record(account, region, Datum{
				Namespace: "N",
				Name:      "quiet",
				Value:     7,
			})

			n := 4 * memoryCheckInterval
			if name == "LongNames" {
				n = 1000
			}

			for i := range n {
				b.Record(account, region, datum(i))
			}

			// Between two checks, metrics may grow beyond the limit.
			if sum := b.totalMemory(); sum > most+memoryCheckInterval*2*bytesPerRecord {
				t.Errorf("metrics take %d bytes, want about %d", sum, most)
			}

			b.recordsSinceCheck = memoryCheckInterval
			b.Record(account, region, datum(0))
			if sum := b.totalMemory(); sum > most+1<<20 {
				t.Errorf("metrics take %d bytes after a check, want about %d", sum, most)
			}

			if m := b.resourcesIn(awsapi.Scope{Account: account, Region: region}).findMetric("N", "quiet", nil); m == nil && name != "LongNames" {
				t.Error("the small metric was removed")
			}

			if last := b.resourcesIn(awsapi.Scope{Account: account, Region: region}).findMetric("N", datum(0).Name, datum(0).Dimensions); last == nil || len(last.series[0].buckets) == 0 {
				t.Error("the newest datum was removed")
			}
		})
	}
}

func TestEMFLineStaysWithinDataLimit(t *testing.T) {
	t.Parallel()

	values := "[" + strings.TrimSuffix(strings.Repeat("1,", 100), ",") + "]"
	line := func(sets, metrics int) string {
		return `{"_aws":{"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[` + strings.TrimSuffix(strings.Repeat("[],", sets), ",") +
			`],"Metrics":[` + strings.TrimSuffix(strings.Repeat(`{"Name":"a"},`, metrics), ",") + `]}]},"a":` + values + `}`
	}
	if n := len(parseEMF(line(2, 100), start)); n != 2*100*100 {
		t.Errorf("%d data of a line within the limits, want all 20000", n)
	}

	if n := len(parseEMF(line(50_000, 100), start)); n != 0 {
		t.Errorf("%d data of a line with 500 million, want none", n)
	}
}
