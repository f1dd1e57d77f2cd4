package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

const (
	// checkTime is how long it may take to find out about the mapping, or a quarter
	// of the time if that is less: without a way to the API, the batch must still
	// have its time.
	checkTime = time.Second
	// probeAge is how old a message may have become at the end of its hiding if it
	// is to tell anything: SQS itself deletes what is older than the retention,
	// which is seldom below a day.
	probeAge = 24 * time.Hour
	// checkAgain is when a check that failed is made again.
	checkAgain = time.Minute
)

const ignoredMetric = "PartialResponseIgnored"

// ErrIgnored says that the event source mapping lacks ReportBatchItemFailures:
// it deletes what the handler reports as failed.
var ErrIgnored = errors.New("the event source mapping lacks ReportBatchItemFailures: messages reported as failed are deleted")

// MappingCheck tells whether the mapping from a queue to a function reports
// batch item failures. Package lambdaclient makes one of the AWS SDK's client.
type MappingCheck func(ctx context.Context, queueARN, functionARN string) (reports bool, err error)

// WithMappingCheck asks once in each execution environment, at its first batch,
// whether the mapping has ReportBatchItemFailures. If it has not, a record at
// ERROR and the metric PartialResponseIgnored say so, and a batch with a failed
// message fails as a whole: its good messages are processed again, but none is
// lost. The check may take a second, or a quarter of the function's time; if it
// fails it is made again a minute later, for a function that may not ask must not
// ask at each batch.
//
// Without it, [WithBackoff] finds out in the batch after a failure: a message
// that was hidden for a time and is gone before that was deleted. (A purge of the
// queue, or a retention of less than a day that ends while the message is hidden,
// is then taken for the same.)
func WithMappingCheck(check MappingCheck) Option {
	return func(c *config) {
		if check == nil {
			c.refuse("WithMappingCheck: no check")
		}
		c.check = check
	}
}

// mapping is what is known of the event source mapping.
type mapping struct {
	ignored atomic.Bool // it deletes what is reported as failed

	mu    sync.Mutex // guards what follows
	known bool       // whether it does has been found out
	next  time.Time  // when the check may be made again
	probe *probe
}

// probe is a message that was reported as failed and must still be there.
type probe struct {
	queueARN      string
	receiptHandle string
	messageID     string
	until         time.Time
}

func (m *mapping) lacking() bool { return m.ignored.Load() }

// look finds out what can be known before the batch is worked on.
func (m *mapping) look(ctx context.Context, e *engine, results []Result) {
	if len(results) == 0 || m.lacking() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known || e.check == nil && m.probe == nil {
		return
	}
	limit := checkTime
	if deadline, ends := ctx.Deadline(); ends {
		limit = min(limit, time.Until(deadline)/4)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if e.check != nil && !time.Now().Before(m.next) {
		m.ask(ctx, e, results[0].Message.EventSourceARN)
	}
	if p := m.probe; p != nil && !m.known {
		m.seek(ctx, e, p)
	}
	m.probe = nil
}

func (m *mapping) ask(ctx context.Context, e *engine, queueARN string) {
	var functionARN string
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		functionARN = lc.InvokedFunctionArn
	}
	reports, err := e.check(ctx, queueARN, functionARN)
	if err != nil {
		m.next = time.Now().Add(checkAgain)
		if e.logger != nil {
			e.logger.WarnContext(ctx, "mapping not checked", "error", text(err))
		}
		return
	}
	if m.known = true; !reports {
		m.say(ctx, e, queueARN, ErrIgnored)
	}
}

// seek sets the visibility of a message to what it is already. If the message
// is gone, only a mapping that ignores failures can have deleted it: nobody
// else had it.
func (m *mapping) seek(ctx context.Context, e *engine, p *probe) {
	left := int(time.Until(p.until) / time.Second)
	if left < 1 { // it may have come back by now
		return
	}
	errs := e.visibility.ChangeVisibility(ctx, p.queueARN, []Visibility{{ReceiptHandle: p.receiptHandle, Seconds: left}})
	switch {
	case len(errs) != 1:
	case errs[0] == nil:
		m.known = true
	case errors.Is(errs[0], ErrGone):
		m.known = true
		m.say(ctx, e, p.queueARN, fmt.Errorf("%w: %s is gone", ErrIgnored, p.messageID))
	}
}

// say tells of it once.
func (m *mapping) say(ctx context.Context, e *engine, queueARN string, err error) {
	m.ignored.Store(true)
	if e.logger != nil {
		e.logger.ErrorContext(ctx, err.Error(), "queue", queueARN)
	}
	if e.metrics != nil {
		e.metrics.emit(ctx, time.Now(), queueARN, map[string]any{ignoredMetric: 1})
	}
}

// remember keeps, of the messages that were hidden anew, the one that is hidden
// longest.
func (m *mapping) remember(results []Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known {
		return
	}
	for i := range results {
		r := &results[i]
		if sent := sentAt(r.Message); !sent.IsZero() && r.hidden.Sub(sent) > probeAge {
			continue
		}
		if r.hidden.IsZero() || m.probe != nil && !r.hidden.After(m.probe.until) {
			continue
		}
		m.probe = &probe{
			queueARN: r.Message.EventSourceARN, receiptHandle: r.Message.ReceiptHandle,
			messageID: r.Message.MessageId, until: r.hidden,
		}
	}
}
