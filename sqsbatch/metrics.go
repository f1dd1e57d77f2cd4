package sqsbatch

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"time"
)

// maxValues is how many values of a metric one line may have (LAM E34).
const maxValues = 100

// WithMetrics writes a line of the embedded metric format for each batch to w,
// which in Lambda is os.Stdout: CloudWatch makes metrics of it without a call.
// They stand in the given namespace, by Function and Queue:
//
//   - Processed, Failed, Permanent, NotStarted: messages (Count); a duplicate
//     counts as processed
//   - Age: from when SQS accepted a message until its processing began (ms)
//   - BatchTime: of the batch (ms)
//   - PartialResponseIgnored: 1 when the mapping was found to lack
//     ReportBatchItemFailures, and not there otherwise
func WithMetrics(w io.Writer, namespace string) Option {
	return func(c *config) {
		if w == nil || namespace == "" {
			c.refuse("WithMetrics: no writer or no namespace")
		}
		c.metrics = &metrics{w: w, namespace: namespace}
	}
}

type metrics struct {
	namespace string
	mu        sync.Mutex // guards w
	w         io.Writer
}

type metric struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

func (m *metrics) report(ctx context.Context, r Report) {
	var ages []int64
	permanent := 0
	for i := range r.Results {
		result := &r.Results[i]
		if sent := sentAt(result.Message); !result.Started.IsZero() && !sent.IsZero() {
			ages = append(ages, max(result.Started.Sub(sent).Milliseconds(), 0))
		}
		if result.permanent {
			permanent++
		}
	}
	values := map[string]any{
		"Processed": r.Count(Succeeded), "Failed": r.Count(Failed), "Permanent": permanent, "NotStarted": r.Count(NotStarted),
		"BatchTime": float64(r.Took.Microseconds()) / 1000,
	}
	for first := true; first || len(ages) > 0; first = false {
		n := min(len(ages), maxValues)
		if n > 0 {
			values["Age"] = ages[:n]
		}
		ages = ages[n:]
		m.emit(ctx, r.Began, r.Queue(), values)
		clear(values)
	}
}

// emit writes one line. That metrics cannot be written must not fail the work.
func (m *metrics) emit(ctx context.Context, at time.Time, queueARN string, values map[string]any) {
	line := map[string]any{
		"Function": functionName(ctx),
		"Queue":    queueARN[strings.LastIndexByte(queueARN, ':')+1:],
	}
	var names []metric
	for _, known := range [...]metric{
		{"Processed", "Count"}, {"Failed", "Count"}, {"Permanent", "Count"}, {"NotStarted", "Count"},
		{"Age", "Milliseconds"}, {"BatchTime", "Milliseconds"}, {ignoredMetric, "Count"},
	} {
		if value, ok := values[known.Name]; ok {
			line[known.Name] = value
			names = append(names, known)
		}
	}
	line["_aws"] = map[string]any{
		"Timestamp": at.UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": m.namespace, "Dimensions": [][]string{{"Function", "Queue"}}, "Metrics": names,
		}},
	}
	encoded, err := json.Marshal(line)
	if err != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _ = m.w.Write(append(encoded, '\n'))
}
