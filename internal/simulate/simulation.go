package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/sqsbatch"
)

// The names of the queues, and of the functions that read them.
const (
	source      = "reliable_q"
	deadLetters = "dlq_for_reliable_q"
)

// levelName returns the name of a retry level's queue; levels count from 1.
func levelName(number int) string { return fmt.Sprintf("reliable_q_retry_%d", number) }

// startTime is the service time at which every run starts.
var startTime = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// resendDelay is how long the producer waits before it sends failed messages
// again.
const resendDelay = 5 * time.Second

// simulation is a run in progress.
type simulation struct {
	Scenario
	newRetry    RetryFactory // nil for the project's own function
	server      *localaws.Server
	tracker     tracker
	random      *rand.Rand // for durations and jitter
	meter       *meter     // nil unless figures are wanted
	outbox      *outbox.Outbox
	idempotency sqsbatch.IdempotencyStore
	crashState
}

// newSimulation starts a server with queues, functions and mappings. The clock
// does not move until play is called. The caller must call close.
func newSimulation(ctx context.Context, s Scenario, o Options) (*simulation, error) {
	sim := &simulation{
		Scenario: s,
		newRetry: o.Retry,
		// The second word selects another random sequence than that of Draw, which has
		// the same seed.
		random: rand.New(rand.NewPCG(s.Seed, 0x776f726c64)),
		tracker: tracker{
			seed:        s.Seed,
			start:       startTime,
			byBody:      map[string]*trackedOrder{},
			messages:    map[string]*trackedMessage{},
			maxReceives: s.maxReceives(),
			logging:     o.Log,
		},
	}
	if o.Measure {
		sim.meter = newMeter(&sim.tracker)
	}
	if err := sim.prepareCrashes(); err != nil {
		return nil, err
	}

	var err error
	sim.server, err = localaws.New(sim.addKillOptions(sim.options()))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the embedded AWS: %w", err), os.RemoveAll(sim.dir))
	}

	sim.server.Clock().Begin() // holds the clock until play
	if err := sim.deploy(ctx); err != nil {
		return nil, errors.Join(err, sim.close(ctx))
	}
	return sim, nil
}

// options returns the server's options, without those for crashes.
func (sim *simulation) options() localaws.Options {
	o := localaws.Options{
		ClockMode:    clock.Simulated,
		ClockStart:   startTime,
		Seed:         sim.Seed | 1<<63, // never 0, which would mean random ids
		NoAuth:       true,
		NoTelemetry:  true,
		Observe:      sim.tracker.observe,
		FunctionTime: sim.invocationTime,
		Stray:        sim.MaxReorder,
	}
	if sim.meter != nil {
		o.ObserveCall = sim.meter.call
	}
	return o
}

// close shuts the server down and removes its files.
func (sim *simulation) close(ctx context.Context) error {
	err := sim.server.Shutdown(ctx)
	if sim.dir == "" {
		return err
	}
	return errors.Join(err, os.RemoveAll(sim.dir))
}

// invocationTime draws how long an invocation takes.
func (sim *simulation) invocationTime(function string, event []byte) time.Duration {
	took := time.Duration(sim.random.Float64() * float64(sim.Work))
	if function == source && sim.Each > 0 {
		for range bytes.Count(event, []byte(recordID)) {
			took += time.Duration((0.5 + sim.random.Float64()) * float64(sim.Each))
		}
	}
	sim.meter.begin(function, event, took)
	return took
}

// deploy creates everything that a deployment has, and schedules the producer.
func (sim *simulation) deploy(ctx context.Context) error {
	if err := sim.createQueues(ctx); err != nil {
		return err
	}

	var err error
	if sim.outbox, err = outbox.Open(ctx, memoryClient{sim}, source); err != nil {
		return err
	}

	if err := sim.createFunctions(ctx); err != nil {
		return err
	}
	return sim.scheduleProducer(ctx)
}

// scheduleProducer schedules sends of ten orders each.
func (sim *simulation) scheduleProducer(ctx context.Context) error {
	orders := order.Seeded(sim.Seed, sim.Messages, sim.BadShare)
	var batch []outbox.Message
	for n := 1; n <= sim.Messages; n++ {
		o, err := sim.addOrder(n, orders.Next())
		if err != nil {
			return err
		}

		batch = append(batch, outbox.Message{Body: o.body, Attributes: o.attributes})
		if len(batch) < 10 && n < sim.Messages {
			continue
		}

		full := batch
		batch = nil
		at := startTime.Add(sim.Every * time.Duration((n-1)/10))
		sim.scheduleClient(at, func() { sim.produce(ctx, full) })
	}
	return nil
}

// produce sends a batch. Messages that SQS did not report as accepted are sent
// again later: the producer retries until nothing is lost.
func (sim *simulation) produce(ctx context.Context, batch []outbox.Message) {
	sim.tracker.fromProducer = true
	results := sim.outbox.Send(ctx, batch)
	sim.tracker.fromProducer = false

	// SQS may have accepted a message whose response was lost. The producer cannot
	// know, and sends it again.
	var rest []outbox.Message
	for i, r := range results {
		if r.Err != nil {
			rest = append(rest, batch[i])
		}
	}
	if len(rest) > 0 && ctx.Err() == nil {
		at := sim.server.Clock().Now().Add(resendDelay)
		sim.scheduleClient(at, func() { sim.produce(ctx, rest) })
	}
}

// addOrder adds order n to the tracker.
func (sim *simulation) addOrder(n int, d order.Draft) (*trackedOrder, error) {
	body, err := json.Marshal(d.Order)
	if err != nil {
		return nil, fmt.Errorf("encode order %d: %w", n, err)
	}

	o := &trackedOrder{
		number:     n,
		body:       string(body),
		attributes: d.Attributes("reliable", startTime),
		bad:        d.IsBad(),
	}
	if !o.bad && sim.RecoverAfter > 0 && sim.random.Float64() < sim.RecoverShare {
		o.recoversAfter = sim.RecoverAfter
		o.attributes[order.FailUntilReplay] = order.Number(int64(o.recoversAfter))
	}

	sim.tracker.orders = append(sim.tracker.orders, o)
	sim.tracker.byBody[o.body] = o
	return o, nil
}

// play starts the clock and waits until no event is left.
func (sim *simulation) play(ctx context.Context) error {
	// The times of rules count from the start of the run.
	for _, f := range sim.Faults {
		r := f.Rule
		r.From = startTime
		r.Until = startTime.Add(f.For)
		if _, err := sim.server.Faults().Add(r); err != nil {
			return err
		}
	}

	sim.meter.start()
	sim.scheduleCrashes()
	sim.canCrash.Store(true)
	sim.server.Clock().End() // releases the clock
	return sim.settle(ctx)
}
