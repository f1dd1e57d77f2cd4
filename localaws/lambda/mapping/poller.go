package mapping

import (
	"sync"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// poller takes messages for one enabled mapping. What it is to do follows from
// its state alone, so that being woken twice does nothing twice: whoever changes
// the state calls run, and the run under way, if there is one, sees the change.
// No other service is called with mu held, for they may call back at once.
type poller struct {
	service     *Service
	call        *awsapi.Call // in whose account and region the function is looked for
	uuid        string
	functionARN string // the function's unqualified ARN, for its role's sessions
	queue       string // ARN
	source      *recordSource
	unwatch     func()

	mu              sync.Mutex
	config          pollerConfig
	limit           batchLimit
	stopped         bool // for good
	mayHaveMessages bool // the queue may have a message to be had
	paused          bool // after trouble, until its event
	runScheduled    bool // a run is on the clock
	running         bool // a run is under way
	flush           bool // the batch being gathered is to go
	activeBatches   int  // batches that take a place: gathered, invoked, or waiting for another try
	failedReceives  int  // failed receives in a row

	windowID    uint64       // counts windows, so that a late event knows its own
	windowTimer *clock.Event // closes the batch being gathered
	growTimer   *clock.Event // adds a place
	pauseTimer  *clock.Event // ends the pause

	session session // of the execution role
	pending *batch  // being gathered; used by the run under way alone
}

// maxSteps is how many receives and invocations a run makes before it lets others
// have their turn on the clock: a receive may wait for the disk.
const maxSteps = 16

func newPoller(s *Service, r *record) *poller {
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
		source:      newSource(r.QueueARN),
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
	if stopped { // by somebody quicker
		unwatch()
		return
	}
	p.onMessages()
}

// stop ends polling for good. A batch being gathered is left to its visibility
// timeout; batches with the function end as their outcome says.
func (p *poller) stop() {
	p.mu.Lock()
	p.stopped = true
	unwatch := p.unwatch
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

// reconfigure takes new settings over.
func (p *poller) reconfigure(r *record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = r.pollerConfig()
	p.functionARN = unqualifiedARN(r.FunctionARN, r.FunctionName)
	p.session = session{role: r.Role}
	p.limit.reconfigure(r.batchLimit(p.service.opts.MaxBatches))
	p.mayHaveMessages = true
	p.scheduleRun()
}

// onMessages is the queue's signal. The run it leads to is booked on the clock, for
// the signal comes in the middle of somebody's request.
func (p *poller) onMessages() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mayHaveMessages { // a run, a pause or a taken place will get to it
		return
	}
	p.mayHaveMessages = true
	p.scheduleRun()
}

// scheduleRun puts a run on the clock, with mu held.
func (p *poller) scheduleRun() {
	if p.stopped || p.running || p.runScheduled {
		return
	}
	p.runScheduled = true
	p.service.opts.Clock.After(0, clock.Moves, func() {
		p.mu.Lock()
		p.runScheduled = false
		p.mu.Unlock()
		p.run()
	})
}

// run does what there is to do now, unless a run is under way already.
func (p *poller) run() {
	c := p.service.opts.Clock
	c.Begin()
	defer c.End()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running {
		return
	}

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

// step does one thing, and reports whether there may be another to do. It is
// called with mu held, and holds it again when it returns; it has held it all
// along when it returns false.
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

// scheduleGrowth adds a place once the backlog has lasted a step of time.
func (p *poller) scheduleGrowth() {
	if p.growTimer != nil || p.limit.current >= p.limit.max {
		return
	}

	p.growTimer = p.service.opts.Clock.After(p.limit.growInterval, clock.Moves, func() {
		p.mu.Lock()
		p.growTimer = nil
		if p.mayHaveMessages {
			p.limit.grow()
		}
		p.mu.Unlock()
		p.run()
	})
}
