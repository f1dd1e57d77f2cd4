package simulate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/functions/journal"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/retry/replay"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/sqs"
	"github.com/reliableq/reliableq/sqsbatch"
)

// The names of the queues, and of the functions that read them.
const (
	source      = "reliable_q"
	deadLetters = "dlq_for_reliable_q"
)

// levelName is a retry level's queue.
func levelName(number int) string { return fmt.Sprintf("reliable_q_retry_%d", number) }

// began is where service time begins in every run.
var began = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// resend is how long the producer waits before it sends again what failed.
const resend = 5 * time.Second

// quiet is the journal of functions whose lines nobody reads.
var quiet = journal.New(io.Discard, slog.LevelError+1)

// world is one run under way.
type world struct {
	Scenario
	build  Build
	server *localaws.Server
	ledger ledger
	chance *rand.Rand // of durations and jitter
	meter  *meter     // nil unless figures are wanted
	outbox *outbox.Outbox
	kept   sqsbatch.IdempotencyStore
	mortality
}

// Build makes a retry function. It is there for tests that build one with a fault
// in it; the zero value of Options has the project's own.
type Build func(level replay.Level, to *outbox.Outbox, aws *localaws.Server) (sqsbatch.Handler, error)

// newWorld makes queues, functions and mappings. Time stands still until play.
func newWorld(ctx context.Context, s Scenario, o Options) (*world, error) {
	w := &world{Scenario: s, build: o.Retry, chance: rand.New(rand.NewPCG(s.Seed, 0x776f726c64))}
	w.ledger = ledger{seed: s.Seed, start: began, byBody: map[string]*entry{}, messages: map[string]*account{}, most: s.receives(), logging: o.Log}
	if o.Measure {
		w.meter = newMeter(&w.ledger)
	}
	if err := w.mortalize(); err != nil {
		return nil, err
	}
	var err error
	w.server, err = localaws.New(w.life(w.options()))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make the embedded AWS: %w", err), os.RemoveAll(w.dir))
	}
	w.server.Clock().Begin() // until play
	if err := w.make(ctx); err != nil {
		return nil, errors.Join(err, w.close(ctx))
	}
	return w, nil
}

// options are the server's.
func (w *world) options() localaws.Options {
	o := localaws.Options{
		ClockMode: clock.Simulated, ClockStart: began, Seed: w.Seed | 1<<63, NoAuth: true, NoTelemetry: true,
		Observe: w.ledger.observe, FunctionTime: w.duration, Stray: w.Stray,
	}
	if w.meter != nil {
		o.ObserveCall = w.meter.call
	}
	return o
}

func (w *world) close(ctx context.Context) error { return w.bury(ctx) }

// duration is how long an invocation takes.
func (w *world) duration(function string, event []byte) time.Duration {
	took := time.Duration(w.chance.Float64() * float64(w.Work))
	if function == source && w.Each > 0 {
		for range bytes.Count(event, []byte(recordID)) {
			took += time.Duration((0.5 + w.chance.Float64()) * float64(w.Each))
		}
	}
	w.meter.begin(function, event, took)
	return took
}

// make makes everything that a deployment has.
func (w *world) make(ctx context.Context) error {
	if err := w.makeQueues(ctx); err != nil {
		return err
	}
	var err error
	if w.outbox, err = outbox.Open(ctx, direct{w}, source); err != nil {
		return err
	}
	if err := w.equip(ctx); err != nil {
		return err
	}
	return w.schedule(ctx)
}

// equip gives the server the functions, as programs are on a machine: they are
// there whenever it starts.
func (w *world) equip(ctx context.Context) error {
	consumer, err := w.consumer()
	if err != nil {
		return err
	}
	err = w.function(ctx, reader{
		queue: source, visibility: w.Source.Visibility, handler: w.meter.around(consumer), timeout: w.Timeout, reserved: w.Reserved,
		reports: w.Mode == consume.PerMessage, batchSize: w.BatchSize, window: w.Window, maxConcurrency: w.MaxConcurrency,
	})
	if err != nil {
		return err
	}
	budget := 0
	for i, l := range w.Levels {
		budget += l.Attempts
		level := replay.Level{Number: i + 1, MaxAttempts: budget, Backoff: replay.Policy(l.Base, l.Cap)}
		level.Backoff.Rand = w.chance.Float64
		handler, err := w.retry(level)
		if err != nil {
			return err
		}
		err = w.function(ctx, reader{
			queue: levelName(i + 1), visibility: l.Visibility, handler: w.noted(levelName(i+1), handler), timeout: w.timeout(l),
			reports: true, batchSize: cmp.Or(l.BatchSize, w.BatchSize),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// timeout is that of a level's function.
func (s *Scenario) timeout(l Level) time.Duration { return cmp.Or(l.Timeout, s.Timeout) }

func (w *world) retry(level replay.Level) (sqsbatch.Handler, error) {
	if w.build != nil {
		return w.build(level, w.outbox, w.server)
	}
	return replay.New(level, w.outbox, quiet)
}

// makeQueues makes the chain, its end first.
func (w *world) makeQueues(ctx context.Context) error {
	next := deadLetters
	if err := w.queue(ctx, next, Queue{Visibility: 30 * time.Second}, 0, ""); err != nil {
		return err
	}
	for i := len(w.Levels); i >= 1; i-- {
		l := w.Levels[i-1]
		if err := w.queue(ctx, levelName(i), l.Queue, w.timeout(l), next); err != nil {
			return err
		}
		next = levelName(i)
	}
	return w.queue(ctx, source, w.Source, w.Timeout, next)
}

// queue makes a queue whose function has a timeout, and which a mapping accepts.
func (w *world) queue(ctx context.Context, name string, q Queue, timeout time.Duration, next string) error {
	attributes := map[string]string{
		"DelaySeconds": seconds(q.Delay), "VisibilityTimeout": seconds(max(q.Visibility, timeout)), "MessageRetentionPeriod": "1209600",
	}
	if next != "" {
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, w.arn(next), q.MaxReceives)
	}
	_, err := w.server.Do(ctx, "sqs", "CreateQueue", &sqs.CreateQueueInput{QueueName: name, Attributes: attributes})
	return err
}

func seconds(d time.Duration) string { return fmt.Sprint(int(d / time.Second)) }

func (w *world) url(queue string) string {
	return w.server.URL() + "/" + w.server.Account() + "/" + queue
}

func (w *world) arn(queue string) string {
	return "arn:aws:sqs:" + w.server.Region() + ":" + w.server.Account() + ":" + queue
}

// consumer is the project's own, with its effects counted.
func (w *world) consumer() (sqsbatch.Handler, error) {
	options := []sqsbatch.Option{sqsbatch.WithReport(w.consumed)}
	if w.Idempotent {
		if w.kept == nil { // it is outside of the server, and outlives it
			w.kept = sqsbatch.NewMemory(24 * time.Hour)
		}
		options = append(options, sqsbatch.WithIdempotency(w.kept, nil))
	}
	return consume.New(w.Mode, quiet, options...)
}

// consumed takes down what the consumer did with a batch.
func (w *world) consumed(_ context.Context, r sqsbatch.Report) {
	now := w.server.Clock().Now()
	for i := range r.Results {
		result := &r.Results[i]
		a := w.ledger.messages[result.Message.MessageId]
		if a == nil || a.order.body != result.Message.Body {
			w.ledger.stray("invented", 0, "the consumer got message %s, which nobody sent: %.100q", result.Message.MessageId, result.Message.Body)
			continue
		}
		what, detail := "processed", ""
		switch {
		case result.Outcome == sqsbatch.Succeeded && result.Duplicate:
			what = "repeated"
			a.order.repeats++
		case result.Outcome == sqsbatch.Succeeded:
			a.order.effects++
		default:
			what, detail = "failed", fmt.Sprint(result.Err)
			a.order.blamed++
		}
		w.ledger.note(now, what, source, result.Message.MessageId, detail)
	}
}

// schedule has the producer send the orders in tens, as events of the clock.
func (w *world) schedule(ctx context.Context) error {
	orders := order.Seeded(w.Seed, w.Messages, w.BadShare)
	var batch []outbox.Message
	for n := 1; n <= w.Messages; n++ {
		e, err := w.entry(n, orders.Next())
		if err != nil {
			return err
		}
		batch = append(batch, outbox.Message{Body: e.body, Attributes: e.attributes})
		if len(batch) < 10 && n < w.Messages {
			continue
		}
		send := batch
		batch = nil
		at := began.Add(w.Every * time.Duration((n-1)/10))
		w.errand(at, func() { w.produce(ctx, send) })
	}
	return nil
}

// produce sends a batch, and once more later what SQS has not said to have
// accepted, as a producer does that wants to lose nothing.
func (w *world) produce(ctx context.Context, batch []outbox.Message) {
	w.ledger.producing = true
	results := w.outbox.Send(ctx, batch)
	w.ledger.producing = false
	var again []outbox.Message
	for i, r := range results {
		if r.Err != nil {
			again = append(again, batch[i])
		}
	}
	if len(again) > 0 && ctx.Err() == nil {
		w.errand(w.server.Clock().Now().Add(resend), func() { w.produce(ctx, again) })
	}
}

// entry makes an order of the ledger.
func (w *world) entry(n int, d order.Draft) (*entry, error) {
	body, err := json.Marshal(d.Order)
	if err != nil {
		return nil, fmt.Errorf("encode order %d: %w", n, err)
	}
	e := &entry{number: n, body: string(body), attributes: d.Attributes("reliable", began), bad: d.IsBad()}
	if !e.bad && w.HealAfter > 0 && w.chance.Float64() < w.HealShare {
		e.heals = w.HealAfter
		e.attributes[order.FailUntilReplay] = order.Number(int64(e.heals))
	}
	w.ledger.orders = append(w.ledger.orders, e)
	w.ledger.byBody[e.body] = e
	return e, nil
}

// play lets time go on until nothing moves any more.
func (w *world) play(ctx context.Context) error {
	for _, f := range w.Faults {
		r := f.Rule
		r.From, r.Until = began, began.Add(f.For)
		if _, err := w.server.Faults().Add(r); err != nil {
			return err
		}
	}
	w.meter.start()
	w.bookCrashes()
	w.playing.Store(true)
	w.server.Clock().End()
	return w.settle(ctx)
}
