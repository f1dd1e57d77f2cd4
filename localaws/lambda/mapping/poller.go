package mapping

import (
	"sync"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// poller receives messages for one enabled mapping and invokes the function with them.
//
// What it does next follows from its state alone. Whoever changes the state calls run or
// scheduleRun; if a run is in progress, that run sees the change, so that a signal too
// many has no effect. The poller calls no other service with mu held, because services
// may call back at once.
type poller struct {
	service     *Service
	call        *awsapi.Call // scope in which the function is resolved
	uuid        string
	functionARN string // unqualified, for the names of role sessions
	queue       string // ARN
	source      *recordEncoder
	unwatch     func()

	mu              sync.Mutex
	config          pollerConfig
	limit           batchLimit
	stopped         bool // for good
	mayHaveMessages bool // the queue signaled, or the last receive returned messages
	paused          bool // receives wait until pauseTimer
	runScheduled    bool // a run is an event of the clock
	running         bool // a run is in progress
	flush           bool // the pending batch must be invoked now
	activeBatches   int  // batches that count for limit: pending, invoked, or waiting for a retry
	failedReceives  int  // in a row

	windowID    uint64       // of the pending batch, so that a late event of another window has no effect
	windowTimer *clock.Event // ends the batching window
	growTimer   *clock.Event // raises limit
	pauseTimer  *clock.Event // ends the pause

	session session // of the execution role
	pending *batch  // messages gathered for the next invocation; only the run in progress uses its contents
}

// maxSteps is how many receives and invocations a run makes before other events of the
// clock get their turn: a receive may wait for the disk.
const maxSteps = 16

func newPoller(s *Service, r *storedConfiguration) *poller {
	return &poller{
		service: s,
		call: &awsapi.Call{
			Account: r.Account,
			Region:  r.Region,
			Caller:  awsapi.Caller{Account: r.Account, ServicePrincipal: "lambda.amazonaws.com"},
		},
		uuid:        r.UUID,
		functionARN: unqualifiedARN(r.FunctionARN, r.FunctionName),
		queue:       r.QueueARN,
		source:      newRecordEncoder(r.QueueARN),
		config:      r.pollerConfig(),
		limit:       r.batchLimit(s.opts.MaxBatches),
		session:     session{role: r.Role},
	}
}

// start begins to poll.
func (p *poller) start() {
	unwatch := p.service.opts.Queues.Watch(p.queue, p.onMessages)
	p.mu.Lock()
	p.unwatch = unwatch
	stopped := p.stopped
	p.mu.Unlock()

	// stop may have been called before there was an unwatch for it to call.
	if stopped {
		unwatch()
		return
	}
	p.onMessages()
}

// stop ends polling for good. The pending batch is abandoned: its messages become visible
// when their visibility timeout ends. Invocations in progress end as usual.
func (p *poller) stop() {
	p.mu.Lock()
	p.stopped = true
	unwatch := p.unwatch

	// Events that have started already find stopped set.
	for _, e := range []*clock.Event{p.windowTimer, p.growTimer, p.pauseTimer} {
		if e != nil {
			e.Stop()
		}
	}
	p.mu.Unlock()

	if unwatch != nil {
		unwatch()
	}
}

// reconfigure applies a changed configuration to messages that are received from now on.
func (p *poller) reconfigure(r *storedConfiguration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = r.pollerConfig()
	p.functionARN = unqualifiedARN(r.FunctionARN, r.FunctionName)
	p.session = session{role: r.Role}
	p.limit.reconfigure(r.batchLimit(p.service.opts.MaxBatches))
	p.mayHaveMessages = true
	p.scheduleRun()
}

// onMessages is called when the queue may have messages. The caller may be in the middle
// of another operation and hold its locks: this only schedules the run.
func (p *poller) onMessages() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mayHaveMessages {
		return // a run follows anyway, or when a pause or an active batch ends
	}
	p.mayHaveMessages = true
	p.scheduleRun()
}

// scheduleRun schedules a run as an event of the clock, with mu held.
func (p *poller) scheduleRun() {
	if p.stopped || p.running || p.runScheduled {
		return
	}
	p.runScheduled = true
	p.service.opts.Clock.After(0, clock.Transition, func() {
		p.mu.Lock()
		p.runScheduled = false
		p.mu.Unlock()
		p.run()
	})
}

// run does what the state requires now, unless a run is already in progress.
func (p *poller) run() {
	c := p.service.opts.Clock
	c.Begin()
	defer c.End()

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running {
		return
	}

	// Other goroutines change the state while a step waits, and do not run themselves.
	p.running = true
	more := true
	for n := 0; more && n < maxSteps; n++ {
		more = p.step()
	}
	p.running = false
	if more {
		p.scheduleRun()
	}
}

// step makes one receive or starts one invocation, and reports whether another step may
// follow. It is called with mu held and returns with mu held. If it returns false it has
// not released mu in between, so that no change of the state was missed.
func (p *poller) step() bool {
	switch {
	case p.stopped:
		p.pending = nil
		return false
	case p.pending != nil && (p.flush || len(p.pending.ids) >= p.config.batchSize):
		p.invokePending()
		return true
	case !p.mayHaveMessages || p.paused:
		return false
	case p.pending == nil && p.activeBatches >= p.limit.current:
		p.scheduleGrowth()
		return false
	}
	p.receiveBatch()
	return true
}

// scheduleGrowth raises the limit of active batches after the grow interval, if there are
// messages then. mu must be held.
func (p *poller) scheduleGrowth() {
	if p.growTimer != nil || p.limit.current >= p.limit.max {
		return
	}
	p.growTimer = p.service.opts.Clock.After(p.limit.growInterval, clock.Transition, func() {
		p.mu.Lock()
		p.growTimer = nil
		if p.mayHaveMessages {
			p.limit.grow()
		}
		p.mu.Unlock()
		p.run()
	})
}
