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
	service *Service
	call    *awsapi.Call // in whose account and region the function is looked for
	uuid    string
	asker   string // the function's unqualified ARN, for its role's sessions
	queue   string // ARN
	source  *source
	unwatch func()

	mu      sync.Mutex
	set     settings
	scale   scale
	stopped bool // for good
	signal  bool // the queue may have a message to be had
	paused  bool // after trouble, until its event
	booked  bool // a run is on the clock
	running bool // a run is under way
	due     bool // the batch being gathered is to go
	out     int  // batches that take a place: gathered, invoked, or waiting for another try
	trouble int  // failed receives in a row

	windows uint64       // counts windows, so that a late event knows its own
	window  *clock.Event // closes the batch being gathered
	growth  *clock.Event // adds a place
	retry   *clock.Event // ends the pause

	session session // of the execution role
	gather  *batch  // being gathered; used by the run under way alone
}

// maxSteps is how many receives and invocations a run makes before it lets others
// have their turn on the clock: a receive may wait for the disk.
const maxSteps = 16

func newPoller(s *Service, r *record) *poller {
	return &poller{
		service: s,
		call:    &awsapi.Call{Account: r.Account, Region: r.Region, Caller: awsapi.Caller{Account: r.Account, ServicePrincipal: "lambda.amazonaws.com"}},
		uuid:    r.UUID,
		asker:   unqualified(r.FunctionARN, r.FunctionName),
		queue:   r.QueueARN,
		source:  newSource(r.QueueARN),
		set:     r.settings(),
		scale:   r.scale(s.opts.MaxBatches),
		session: session{role: r.Role},
	}
}

// start begins to poll.
func (p *poller) start() {
	unwatch := p.service.opts.Queues.Watch(p.queue, p.wake)
	p.mu.Lock()
	p.unwatch = unwatch
	stopped := p.stopped
	p.mu.Unlock()
	if stopped { // by somebody quicker
		unwatch()
		return
	}
	p.wake()
}

// stop ends polling for good. A batch being gathered is left to its visibility
// timeout; batches with the function end as their outcome says.
func (p *poller) stop() {
	p.mu.Lock()
	p.stopped = true
	unwatch := p.unwatch
	for _, e := range []*clock.Event{p.window, p.growth, p.retry} {
		if e != nil {
			e.Stop()
		}
	}
	p.mu.Unlock()
	if unwatch != nil {
		unwatch()
	}
}

// configure takes new settings over.
func (p *poller) configure(r *record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = r.settings()
	p.asker = unqualified(r.FunctionARN, r.FunctionName)
	p.session = session{role: r.Role}
	p.scale.adopt(r.scale(p.service.opts.MaxBatches))
	p.signal = true
	p.book()
}

// wake is the queue's signal. The run it leads to is booked on the clock, for
// the signal comes in the middle of somebody's request.
func (p *poller) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.signal { // a run, a pause or a taken place will get to it
		return
	}
	p.signal = true
	p.book()
}

// book puts a run on the clock, with mu held.
func (p *poller) book() {
	if p.stopped || p.running || p.booked {
		return
	}
	p.booked = true
	p.service.opts.Clock.After(0, clock.Moves, func() {
		p.mu.Lock()
		p.booked = false
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
		p.book()
	}
}

// step does one thing, and reports whether there may be another to do. It is
// called with mu held, and holds it again when it returns; it has held it all
// along when it returns false.
func (p *poller) step() bool {
	switch {
	case p.stopped:
		p.gather = nil
		return false
	case p.gather != nil && (p.due || len(p.gather.ids) >= p.set.batchSize):
		p.send()
		return true
	case !p.signal || p.paused:
		return false
	case p.gather == nil && p.out >= p.scale.level:
		p.growLater()
		return false
	}
	p.receive()
	return true
}

// growLater adds a place once the backlog has lasted a step of time.
func (p *poller) growLater() {
	if p.growth != nil || p.scale.level >= p.scale.top {
		return
	}
	p.growth = p.service.opts.Clock.After(p.scale.step, clock.Moves, func() {
		p.mu.Lock()
		p.growth = nil
		if p.signal {
			p.scale.grow()
		}
		p.mu.Unlock()
		p.run()
	})
}
