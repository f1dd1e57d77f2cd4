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

// calm counts the looks in a row that found nothing on its way.
type calm struct {
	looks int
	since time.Time
}

// see takes a look into account and tells how long all has been at rest, if it
// has been for enough looks.
func (c *calm) see(live []flow.Depth, enough int) (rest time.Duration, ok bool) {
	for _, d := range live {
		if d.Total() > 0 {
			*c = calm{}
			return 0, false
		}
	}
	if c.looks++; c.looks == 1 {
		c.since = time.Now()
	}
	return time.Since(c.since), c.looks >= enough
}

// follow looks until all is at rest and accounted for.
func (r *Run) follow(ctx context.Context, want int) (facts verdict.Facts, err error) {
	task := r.Progress.Begin("run", progress.Span{Total: want})
	defer func() {
		if err != nil {
			task.Fail()
		}
	}()
	tick := time.NewTicker(r.Pace.Look)
	defer tick.Stop()
	var quiet calm
	for {
		depths, err := r.look(ctx, task)
		if err != nil {
			return verdict.Facts{}, err
		}
		if rest, ok := quiet.see(depths[:len(depths)-1], r.Pace.Rest); ok {
			facts, done, err := r.settled(ctx, want, rest)
			if err != nil {
				return verdict.Facts{}, err
			}
			if done {
				task.End("all queues at rest")
				return facts, nil
			}
		}
		if err := r.wait(ctx, tick.C); err != nil {
			return verdict.Facts{}, fmt.Errorf("follow the messages: %w", err)
		}
	}
}

// wait lets the time between two looks pass, and moves service time on where that
// is for us to do.
func (r *Run) wait(ctx context.Context, tick <-chan time.Time) error {
	if r.Step != nil {
		if err := r.Step(ctx); err != nil && ctx.Err() == nil {
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

// settled collects the facts of a run whose queues have been at rest for a while.
// They are final when no message is missing, or when what is missing has had its
// time to turn up.
func (r *Run) settled(ctx context.Context, want int, rest time.Duration) (verdict.Facts, bool, error) {
	if have := len(r.ledger.known); have < want {
		if rest < r.Pace.Late {
			return verdict.Facts{}, false, nil
		}
		return verdict.Facts{}, false, hint.New(
			fmt.Sprintf("the producer says that %d messages were accepted, but its log names %d", want, have),
			"see its log with reliableq logs producer; LOG_LEVEL must be INFO or lower")
	}
	dead, unseen, err := r.Client.DeadLetters(ctx, r.Deployment)
	if err != nil {
		return verdict.Facts{}, false, err
	}
	facts := r.ledger.facts(dead, r.WholeBatch)
	complete := verdict.Judge(facts).Lost == 0
	return facts, complete || unseen == 0 && rest >= r.Pace.Late, nil
}

// look reads queues and logs, and shows how far the run has come.
func (r *Run) look(ctx context.Context, task *progress.Task) ([]flow.Depth, error) {
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
				r.ledger.producer(line)
			case key == "consumer":
				r.ledger.consumer(line)
			case strings.HasPrefix(key, "retry_"):
				r.ledger.retry(line)
			}
		}
	}
	processed, replays := r.ledger.progressed()
	dead := max(0, depths[len(depths)-1].Total()-r.before)
	task.Update(processed+dead, note(depths, processed, replays, dead))
	return depths, nil
}

// note says where the messages are.
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

// stuck is the error of a run that did not come to rest.
func (r *Run) stuck() error {
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
	return hint.New(fmt.Sprintf("the messages did not come to rest within %s: %s", duration.Format(r.Pace.Patience), where),
		"see what the functions say with reliableq logs, or give it more time with --timeout")
}
