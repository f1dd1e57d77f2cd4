package sqsbatch

import (
	"context"
	"log/slog"
	"time"
)

// WithLogger writes a record for each message that was not simply processed
// (dead-lettered at WARN, failed at ERROR), one at WARN for those that were not
// started, one at DEBUG for the batch, and one for each thing that went wrong
// aside from the messages.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) {
		if logger == nil {
			c.refuse("WithLogger: no logger")
		}
		c.logger = logger
	}
}

func logReport(logger *slog.Logger) func(context.Context, Report) {
	return func(ctx context.Context, r Report) {
		returned := map[string][]string{} // ids by reason
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
		for _, reason := range reasons {
			logger.WarnContext(ctx, "messages returned", "reason", reason, "message_ids", returned[reason])
		}
		logger.DebugContext(ctx, "batch", "messages", len(r.Results), "succeeded", r.Count(Succeeded), "failed", r.Count(Failed),
			"dead_lettered", r.Count(DeadLettered), "not_started", r.Count(NotStarted), "took_ms", float64(r.Took)/float64(time.Millisecond))
	}
}

func logMessage(ctx context.Context, logger *slog.Logger, level slog.Level, result *Result) {
	attrs := []slog.Attr{
		slog.String("message_id", result.Message.MessageId),
		slog.Int("receive_count", receiveCount(result.Message)),
		slog.String("error", text(result.Err)),
	}
	if panicked, ok := result.Err.(*PanicError); ok {
		attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
	}
	logger.LogAttrs(ctx, level, "message "+result.Outcome.String(), attrs...)
}

// warn tells of something about a message that does not change its outcome.
func (e *engine) warn(ctx context.Context, what string, result *Result, err error) {
	if e.logger != nil {
		e.logger.WarnContext(ctx, what, "message_id", result.Message.MessageId, "error", text(err))
	}
}
