package sqsbatch

import (
	"context"
	"log/slog"
	"time"
)

// WithLogger logs each dead-lettered message at WARN and each failed one at ERROR,
// the messages that were not started at WARN (one record for each reason), and the
// batch at DEBUG. Errors that do not change an outcome, such as those of the
// idempotency store, are logged at WARN.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) {
		if logger == nil {
			c.refuse("WithLogger: no logger")
		}
		c.logger = logger
	}
}

// logReport returns a function that logs a batch.
func logReport(logger *slog.Logger) func(context.Context, Report) {
	return func(ctx context.Context, r Report) {
		returned := map[string][]string{} // message ids by reason
		var reasons []string              // in the order of the batch
		for i := range r.Results {
			switch result := &r.Results[i]; result.Outcome {
			case Failed:
				logMessage(ctx, logger, slog.LevelError, result)
			case DeadLettered:
				logMessage(ctx, logger, slog.LevelWarn, result)
			case NotStarted:
				reason := text(result.Err)
				if returned[reason] == nil {
					reasons = append(reasons, reason)
				}
				returned[reason] = append(returned[reason], result.Message.MessageId)
			}
		}

		// One record for each reason: a deadline may return hundreds of messages.
		for _, reason := range reasons {
			logger.WarnContext(ctx, "messages returned", "reason", reason, "message_ids", returned[reason])
		}

		logger.DebugContext(ctx, "batch", "messages", len(r.Results), "succeeded", r.Count(Succeeded), "failed", r.Count(Failed),
			"dead_lettered", r.Count(DeadLettered), "not_started", r.Count(NotStarted), "took_ms", float64(r.Took)/float64(time.Millisecond))
	}
}

// logMessage logs a message that was not processed.
func logMessage(ctx context.Context, logger *slog.Logger, level slog.Level, result *Result) {
	attrs := []slog.Attr{
		slog.String("message_id", result.Message.MessageId),
		slog.Int("receive_count", receiveCount(result.Message)),
		slog.String("error", text(result.Err)),
	}
	if stack := stackOf(result.Err); stack != nil {
		attrs = append(attrs, slog.String("stack", string(stack)))
	}
	logger.LogAttrs(ctx, level, "message "+result.Outcome.String(), attrs...)
}

// warn logs an error that does not change the outcome of a message.
func (e *engine) warn(ctx context.Context, what string, result *Result, err error) {
	if e.logger != nil {
		e.logger.WarnContext(ctx, what, "message_id", result.Message.MessageId, "error", text(err))
	}
}
