package sqsbatch

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"time"
)

// maxValues is the largest number of values of a metric in one line (LAM E34).
const maxValues = 100

// WithMetrics writes metrics of each batch to w, which is os.Stdout in Lambda, in the
// embedded metric format: CloudWatch extracts them from the log. They are in the
// given namespace, with the dimensions Function and Queue:
//
//   - Processed, Failed, Permanent, NotStarted: messages (Count); a duplicate of a
//     message that succeeded counts as processed
//   - DeadLettered: copies that [WithDeadLetter] sent to the dead-letter queue
//     (Count); messages that SQS moves there are not known to the function
//   - Duplicates: messages for which the handler was not called, because it had been
//     called with the same message or idempotency key before (Count)
//   - Age: time from the acceptance of a message by SQS to its start (ms)
//   - BatchTime: duration of the batch (ms)
//   - PartialResponseIgnored: 1 when [WithMappingCheck] found that the mapping lacks
//     ReportBatchItemFailures; missing otherwise
//   - PartialResponseSuspected: 1 when [WithBackoff] found that a failed message was
//     deleted, which may have that reason; missing otherwise
func WithMetrics(w io.Writer, namespace string) Option {
	return func(c *config) {
		if isNil(w) || namespace == "" {
			c.refuse("WithMetrics: no writer or no namespace")
		}
		c.metrics = &metrics{w: w, namespace: namespace}
	}
}

// metrics writes metrics in the embedded metric format.
type metrics struct {
	namespace string
	mu        sync.Mutex // guards w
	w         io.Writer
}

// metric is the definition of a metric in a line.
type metric struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

// report writes the metrics of a batch.
func (m *metrics) report(ctx context.Context, r Report) {
	var ages []int64
	permanent := 0
	deadLettered := 0 // copies, of which duplicates have none
	duplicates := 0
	for i := range r.Results {
		result := &r.Results[i]
		if sent := sentAt(result.Message); !result.Started.IsZero() && !sent.IsZero() {
			ages = append(ages, max(result.Started.Sub(sent).Milliseconds(), 0))
		}
		if result.permanent {
			permanent++
		}
		switch {
		case result.Duplicate:
			duplicates++
		case result.Outcome == DeadLettered:
			deadLettered++
		}
	}

	values := map[string]any{
		"Processed":    r.Count(Succeeded),
		"Failed":       r.Count(Failed),
		"Permanent":    permanent,
		"DeadLettered": deadLettered,
		"Duplicates":   duplicates,
		"NotStarted":   r.Count(NotStarted),
		"BatchTime":    float64(r.Took.Microseconds()) / 1000,
	}

	// One line has at most maxValues ages; further lines have only ages.
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

// emit writes one line. An error is ignored: it must not fail the batch.
func (m *metrics) emit(ctx context.Context, at time.Time, queueARN string, values map[string]any) {
	line := map[string]any{
		"Function": functionName(ctx),
		"Queue":    queueARN[strings.LastIndexByte(queueARN, ':')+1:],
	}
	var names []metric
	// In a fixed order, so that lines do not differ without reason.
	for _, known := range [...]metric{
		{"Processed", "Count"}, {"Failed", "Count"}, {"Permanent", "Count"},
		{"DeadLettered", "Count"}, {"Duplicates", "Count"}, {"NotStarted", "Count"},
		{"Age", "Milliseconds"}, {"BatchTime", "Milliseconds"}, {ignoredMetric, "Count"}, {suspectedMetric, "Count"},
	} {
		if value, ok := values[known.Name]; ok {
			line[known.Name] = value
			names = append(names, known)
		}
	}

	line["_aws"] = map[string]any{
		"Timestamp": at.UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace":  m.namespace,
			"Dimensions": [][]string{{"Function", "Queue"}},
			"Metrics":    names,
		}},
	}

	encoded, err := json.Marshal(line)
	if err != nil {
		return // not possible with these values
	}

	// One write for the whole line: handlers may write to the same file.
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _ = m.w.Write(append(encoded, '\n')) // metrics that cannot be written must not fail the batch
}
