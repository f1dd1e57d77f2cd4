package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
	"github.com/reliableq/reliableq/internal/duration"
)

// emptyPeriod counts the reads in a row that found the queues empty.
type emptyPeriod struct {
	reads int
	since time.Time
}

// add counts a read of the queues' depths. It returns how long they have been empty,
// and whether they were so for at least enough reads.
func (e *emptyPeriod) add(depths []flow.Depth, enough int) (empty time.Duration, ok bool) {
	for _, d := range depths {
		if d.Total() > 0 {
			*e = emptyPeriod{}
			return 0, false
		}
	}
	if e.reads++; e.reads == 1 {
		e.since = time.Now()
	}
	return time.Since(e.since), e.reads >= enough
}

// follow reads the queues and logs until the queues are empty and every one of want
// messages is accounted for.
func (r *Run) follow(ctx context.Context, want int) (facts verdict.Facts, err error) {
	task := r.Progress.Begin("run", progress.Span{Total: want})
	defer func() {
		if err != nil {
			task.Fail()
		}
	}()

	tick := time.NewTicker(r.Timing.Interval)
	defer tick.Stop()

	var period emptyPeriod
	for {
		depths, err := r.poll(ctx, task)
		if err != nil {
			return verdict.Facts{}, err
		}

		// The last queue is the dead-letter queue: messages stay in it.
		if empty, ok := period.add(depths[:len(depths)-1], r.Timing.EmptyReads); ok {
			facts, final, err := r.collect(ctx, want, empty)
			if err != nil {
				return verdict.Facts{}, err
			}
			if final {
				task.End("all queues empty")
				return facts, nil
			}
		}

		if err := r.wait(ctx, tick.C); err != nil {
			return verdict.Facts{}, fmt.Errorf("follow the messages: %w", err)
		}
	}
}

// wait waits for the next poll. It also advances the clock, if the run has to.
func (r *Run) wait(ctx context.Context, tick <-chan time.Time) error {
	if r.AdvanceClock != nil {
		if err := r.AdvanceClock(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	select {
	case <-tick:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// collect returns the facts of a run whose queues have been empty for the given time. They
// are final when no message is missing, or when the time exceeds Timing.Grace: log lines
// may become readable late, and another consumer may have dead letters in flight.
func (r *Run) collect(ctx context.Context, want int, empty time.Duration) (facts verdict.Facts, final bool, err error) {
	if have := len(r.log.isAccepted); have < want {
		if empty < r.Timing.Grace {
			return verdict.Facts{}, false, nil
		}
		return verdict.Facts{}, false, hint.New(
			fmt.Sprintf("the producer returned that %d messages were accepted, but its log names %d", want, have),
			"see its log with reliableq logs producer; LOG_LEVEL must be INFO or lower")
	}

	dead, unseen, err := r.Client.DeadLetters(ctx, r.Deployment)
	if err != nil {
		return verdict.Facts{}, false, err
	}

	facts = r.log.facts(dead, r.WholeBatch)
	complete := verdict.Judge(facts).Lost == 0
	return facts, complete || unseen == 0 && empty >= r.Timing.Grace, nil
}

// poll reads the depths of the queues and the new log lines, and updates the progress.
func (r *Run) poll(ctx context.Context, task *progress.Task) ([]flow.Depth, error) {
	depths, err := r.Client.Depths(ctx, r.Deployment)
	if err != nil {
		return nil, err
	}

	for key, tail := range r.tails {
		lines, err := tail.Next(ctx)
		if err != nil {
			return nil, err
		}

		for _, line := range lines {
			switch {
			case key == "producer":
				r.log.addProducer(line)
			case key == "consumer":
				r.log.addConsumer(line)
			case strings.HasPrefix(key, "retry_"):
				r.log.addRetry(line)
			}
		}
	}

	// Messages of earlier runs may have left the dead-letter queue meanwhile.
	dead := max(0, depths[len(depths)-1].Total()-r.before)
	processed, replays := r.log.counts()
	task.Update(processed+dead, note(depths, processed, replays, dead))
	return depths, nil
}

// note returns the state of the messages as text for the progress.
func note(depths []flow.Depth, processed, replays, dead int) string {
	var sum flow.Depth
	for _, d := range depths[:len(depths)-1] {
		sum.Delayed += d.Delayed
		sum.Visible += d.Visible
		sum.InFlight += d.InFlight
	}
	return fmt.Sprintf("delayed %d · visible %d · in flight %d · processed %d · replays %d · dead-lettered %d",
		sum.Delayed, sum.Visible, sum.InFlight, processed, replays, dead)
}

// timeoutError returns the error of a run whose queues did not become empty in time.
func (r *Run) timeoutError() error {
	// The context of the run has ended: use another one.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	where := "the queues could not be read"
	if depths, err := r.Client.Depths(ctx, r.Deployment); err == nil {
		var parts []string
		for _, d := range depths {
			parts = append(parts, fmt.Sprintf("%s %d", d.Queue, d.Total()))
		}
		where = strings.Join(parts, ", ")
	}

	return hint.New(fmt.Sprintf("the queues were not empty after %s: %s", duration.Format(r.Timing.Timeout), where),
		"see the functions' logs with reliableq logs, or wait longer with --timeout")
}
