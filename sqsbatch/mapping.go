package sqsbatch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

const (
	// checkTime is the timeout of a check, or a part of the invocation's time if that is
	// less. The batch must have its time even if the API cannot be reached.
	checkTime = time.Second
	// probeAge is the largest age of a message that is used as a probe, at the end of
	// its visibility timeout. SQS itself deletes messages that exceed the retention
	// period, which is rarely below a day.
	probeAge = 24 * time.Hour
	// checkAgain is the time after which a failed check is repeated.
	checkAgain = time.Minute
)

// ignoredMetric is the metric of a mapping that ignores partial batch responses.
const ignoredMetric = "PartialResponseIgnored"

// suspectedMetric is the metric of a mapping that may ignore partial batch responses.
const suspectedMetric = "PartialResponseSuspected"

// ErrIgnored reports that the event source mapping lacks ReportBatchItemFailures, so
// that Lambda deletes messages that the handler reports as failed.
var ErrIgnored = errors.New("the event source mapping lacks ReportBatchItemFailures: messages reported as failed are deleted")

// MappingCheck reports whether the mapping from a queue to a function has
// ReportBatchItemFailures. Package lambdaclient has one for the AWS SDK.
type MappingCheck func(ctx context.Context, queueARN, functionARN string) (reports bool, err error)

// WithMappingCheck checks once in each execution environment, at its first batch,
// whether the mapping has ReportBatchItemFailures. If it has not, this is logged at
// ERROR and counted by the metric PartialResponseIgnored, and a batch with a failed
// message fails as a whole: its good messages are processed again, but no message is
// lost. The check may take a second, or a quarter of the function's time. If it
// fails, it is repeated after a minute, not at each batch, because the function may
// lack the permission.
//
// Without this option, [WithBackoff] suspects it in the batch after a failure: a
// message whose visibility timeout was changed and that no longer exists before its
// end was deleted. That is logged once at WARN and counted by the metric
// PartialResponseSuspected, and changes nothing else: a purge of the queue, or another
// environment that got SQS's duplicate of the message and deleted it, look the same.
func WithMappingCheck(check MappingCheck) Option {
	return func(c *config) {
		if check == nil {
			c.refuse("WithMappingCheck: no check")
		}
		c.check = check
	}
}

// mapping is what is known about the event source mapping.
type mapping struct {
	ignored atomic.Bool // it has no ReportBatchItemFailures

	mu     sync.Mutex // guards what follows
	known  bool       // whether it has is known
	next   time.Time  // when the check may be repeated
	warned bool       // whether a suspicion was logged
	probe  *probe
}

// probe is a message that was reported as failed and must still exist.
type probe struct {
	queueARN      string
	receiptHandle string
	messageID     string
	until         time.Time // a wall time
}

// ignoresFailures reports whether Lambda deletes failed messages.
func (m *mapping) ignoresFailures() bool { return m.ignored.Load() }

// check runs the mapping check or the probe, before a batch is processed.
func (m *mapping) check(ctx context.Context, e *engine, results []Result) {
	if len(results) == 0 || m.ignoresFailures() {
		return
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known || e.check == nil && m.probe == nil {
		return
	}

	// Leave the larger part of the invocation to the batch.
	ctx, cancel := withCheckTime(ctx, 4)
	defer cancel()
	if e.check != nil && !wallNow().Before(m.next) {
		m.runCheck(ctx, e, results[0].Message.EventSourceARN)
	}
	if p := m.probe; p != nil && !m.known && !m.warned {
		m.runProbe(ctx, e, p)
	}

	// A probe is used once: after this batch, its message may be visible again.
	m.probe = nil
}

// withCheckTime returns a context for a check: it ends after checkTime, or after one of
// the given number of equal parts of the time that ctx has left, if that is less.
func withCheckTime(ctx context.Context, parts time.Duration) (context.Context, context.CancelFunc) {
	limit := checkTime
	if deadline, ends := ctx.Deadline(); ends {
		limit = min(limit, time.Until(deadline)/parts)
	}
	return context.WithTimeout(ctx, limit)
}

// runCheck calls the user's MappingCheck.
func (m *mapping) runCheck(ctx context.Context, e *engine, queueARN string) {
	var functionARN string
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		functionARN = lc.InvokedFunctionArn
	}

	// A failed check is repeated later; the batch is processed as without a check.
	reports, err := e.callCheck(ctx, queueARN, functionARN)
	if err != nil {
		m.next = wallNow().Add(checkAgain)
		if e.logger != nil {
			e.logger.WarnContext(ctx, "mapping not checked", "error", text(err))
		}
		return
	}

	if m.known = true; !reports {
		m.reportIgnored(ctx, e, queueARN)
	}
}

// callCheck calls the user's MappingCheck. It returns a panic as an error.
func (e *engine) callCheck(ctx context.Context, queueARN, functionARN string) (reports bool, err error) {
	defer recovered(&err)
	return e.check(ctx, queueARN, functionARN)
}

// runProbe sets the visibility timeout of a message to its current value. If the
// message exists, the mapping does not ignore failures. If it does not, the mapping may
// have deleted it, or another environment that got it as a duplicate, or a purge: that
// is worth a warning, but not a change of behavior.
func (m *mapping) runProbe(ctx context.Context, e *engine, p *probe) {
	left := int(time.Until(p.until) / time.Second)
	if left < 1 { // it may be visible by now
		return
	}

	errs, err := e.callChanger(ctx, p.queueARN, []Visibility{{ReceiptHandle: p.receiptHandle, Seconds: left}})
	switch {
	case err != nil: // this proves nothing
	case errs[0] == nil:
		m.known = true
	case errors.Is(errs[0], ErrGone):
		m.warned = true
		m.reportSuspected(ctx, e, p)
	}
}

// reportSuspected logs and counts once that the mapping may ignore failures.
func (m *mapping) reportSuspected(ctx context.Context, e *engine, p *probe) {
	if e.logger != nil {
		e.logger.WarnContext(ctx, "a message that was reported as failed is gone: the event source mapping may lack "+
			"ReportBatchItemFailures, or a duplicate was processed elsewhere; use WithMappingCheck to find out",
			"queue", p.queueARN, "message_id", p.messageID)
	}
	if e.metrics != nil {
		e.metrics.emit(ctx, wallNow(), p.queueARN, map[string]any{suspectedMetric: 1})
	}
}

// reportIgnored logs and counts once that the mapping ignores failures.
func (m *mapping) reportIgnored(ctx context.Context, e *engine, queueARN string) {
	m.ignored.Store(true)
	if e.logger != nil {
		e.logger.ErrorContext(ctx, ErrIgnored.Error(), "queue", queueARN)
	}
	if e.metrics != nil {
		e.metrics.emit(ctx, wallNow(), queueARN, map[string]any{ignoredMetric: 1})
	}
}

// chooseProbe chooses as the probe the message with the latest end of its changed
// visibility timeout.
func (m *mapping) chooseProbe(results []Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known || m.warned {
		return
	}

	for i := range results {
		// SQS may delete an old message itself, which would look the same.
		r := &results[i]
		if sent := sentAt(r.Message); !sent.IsZero() && r.hiddenUntil.Sub(sent) > probeAge {
			continue
		}
		// The longer the timeout, the later the next batch may come.
		if r.hiddenUntil.IsZero() || m.probe != nil && !r.hiddenUntil.After(m.probe.until) {
			continue
		}

		m.probe = &probe{
			queueARN:      r.Message.EventSourceARN,
			receiptHandle: r.Message.ReceiptHandle,
			messageID:     r.Message.MessageId,
			until:         r.hiddenUntil,
		}
	}
}
