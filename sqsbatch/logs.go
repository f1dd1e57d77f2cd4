package sqsbatch

import (
	"context"
	"errors"
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
		idle := map[error][]string{}
		for i := range r.Results {
			switch result := &r.Results[i]; result.Outcome {
			case Failed:
				logMessage(ctx, logger, slog.LevelError, result)
			case DeadLettered:
				logMessage(ctx, logger, slog.LevelWarn, result)
			case NotStarted:
				idle[result.Err] = append(idle[result.Err], result.Message.MessageId)
			}
		}
		for _, why := range [...]error{ErrNoTime, ErrBreaker, ErrGroup, ErrClaimed} {
			if ids := idle[why]; len(ids) > 0 {
				logger.WarnContext(ctx, "messages returned", "reason", why.Error(), "message_ids", ids)
			}
		}
		logger.DebugContext(ctx, "batch", "messages", len(r.Results), "succeeded", r.Count(Succeeded), "failed", r.Count(Failed),
			"dead_lettered", r.Count(DeadLettered), "not_started", r.Count(NotStarted), "took_ms", float64(r.Took)/float64(time.Millisecond))
	}
}

func logMessage(ctx context.Context, logger *slog.Logger, level slog.Level, result *Result) {
	attrs := []slog.Attr{
		slog.String("message_id", result.Message.MessageId),
		slog.Int("receive_count", receiveCount(result.Message)),
		slog.String("error", result.Err.Error()),
	}
	if panicked := (*PanicError)(nil); errors.As(result.Err, &panicked) {
		attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
	}
	logger.LogAttrs(ctx, level, "message "+result.Outcome.String(), attrs...)
}
