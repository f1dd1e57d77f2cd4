package sqsbatchtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/sqsbatch"
)

// ErrCall is the error of a [Call] that fails.
var ErrCall = errors.New("sqsbatchtest: the call fails")

// Call is a fault point for fakes of external services: a timeline may crash the
// function there, let it time out, let the call hang, or let goroutines that run at the
// same time continue in another sequence. Call it at the beginning of each request to
// the fake, without holding a lock, and return its error, which is [ErrCall] or that of
// ctx. A second one at the end of the request loses its response.
//
// name describes the call in reports. If calls of options, such as of a store, run at
// the same time, each needs a name of its own, such as "claim" and the key: without it,
// a seed does not repeat their sequence.
//
// Outside of a timeline, Call returns the error of ctx and does nothing else.
func Call(ctx context.Context, name ...string) error {
	if point, ok := ctx.Value(pointKey{}).(*faultPoint); ok {
		if err := point.call(ctx, strings.Join(name, " ")); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// invocation is an invocation in progress. Its fault is injected at one of the fault
// points that it reaches; those count from 0.
type invocation struct {
	number   int // of the step, from 1
	step     Step
	records  []events.SQSMessage
	env      *environment
	prefix   string // of its line in the log
	overlaps bool   // whether another one runs at the same time
	sched    *scheduler
	over     <-chan struct{} // closed at the end of the timeline: ends goroutines that a crash has stopped

	// The scheduler's mutex guards what follows.
	reached    int
	injectedAt string          // where the fault was injected; empty if it was not
	inProgress map[string]bool // messages whose handler was called and has not returned
	results    []string        // why messages failed, a line for each
	ended      bool
	crashed    bool // at a fault point
	response   events.SQSEventResponse
	err        error
	exit       string // how the handler ended instead of returning; empty if it returned
	timedOut   bool
}

// label returns the prefix of fault points in the sequence of several invocations.
func (in *invocation) label() string {
	if in.overlaps {
		return strconv.Itoa(in.number) + ": "
	}
	return ""
}

// run calls the handler, in its own goroutine: a crash never returns.
func (in *invocation) run(ctx context.Context) {
	var response events.SQSEventResponse
	var err error
	exit := "a goroutine exit (runtime.Goexit or t.FailNow)"
	defer func() {
		if v := recover(); v != nil {
			exit = fmt.Sprintf("a panic: %v", v)
		}
		in.sched.mu.Lock()
		if !in.ended {
			in.ended = true
			in.response = response
			in.err = err
			in.exit = exit
			in.timedOut = ctx.Err() != nil
		}
		in.sched.mu.Unlock()
		in.sched.signal()
	}()

	in.wait("", "")
	response, err = in.env.handler(ctx, events.SQSEvent{Records: in.records})
	exit = ""
}

// kill ends the environment if the invocation has not ended: the function has timed out.
func (in *invocation) kill() {
	in.sched.mu.Lock()
	defer in.sched.mu.Unlock()
	if !in.ended {
		in.ended = true
		in.timedOut = true
		in.env.dead = true
	}
}

// hasEnded reports whether the invocation has ended.
func (in *invocation) hasEnded() bool {
	in.sched.mu.Lock()
	defer in.sched.mu.Unlock()
	return in.ended
}

// wait waits until the scheduler lets the goroutine continue. It does not return in an environment that has
// crashed. As in a process that dies, deferred functions do not run before the
// timeline ends.
func (in *invocation) wait(point, where string) {
	t := &waiter{
		in:      in,
		point:   point,
		where:   where,
		granted: make(chan struct{}),
	}
	in.sched.add(t)
	select {
	case <-t.granted:
	case <-in.over:
		runtime.Goexit()
	}
}

// reach is called at each fault point. It returns the error of a call that fails.
func (in *invocation) reach(ctx context.Context, point, where string, call bool) error {
	in.wait(point, where)
	switch in.inject(where, call) {
	case Crash, CallHang:
		in.sched.signal()
		<-in.over
		runtime.Goexit()
	case Deadline:
		<-ctx.Done()
		in.wait(point, "")
	case CallError:
		return ErrCall
	}
	return nil
}

// inject counts a fault point, and returns the fault that is injected there.
func (in *invocation) inject(where string, call bool) Fault {
	in.sched.mu.Lock()
	defer in.sched.mu.Unlock()
	at := in.reached
	in.reached++
	fault := in.step.Fault
	matches := at == in.step.At
	if fault == CallError || fault == CallHang {
		matches = call && at >= in.step.At
	}
	if in.ended || in.injectedAt != "" || !matches {
		return NoFault
	}

	if fault != NoFault {
		in.injectedAt = where
	}
	if fault == Crash {
		in.crashed = true
		in.ended = true
		in.env.dead = true
	}
	return fault
}

// enter and leave record that a message's handler was called, and has returned.
func (in *invocation) enter(id string) {
	in.sched.mu.Lock()
	defer in.sched.mu.Unlock()
	in.inProgress[id] = true
}

func (in *invocation) leave(id string) {
	in.sched.mu.Lock()
	defer in.sched.mu.Unlock()
	delete(in.inProgress, id)
}

// current returns the ids of the messages in progress.
func (in *invocation) current() []string {
	in.sched.mu.Lock()
	defer in.sched.mu.Unlock()
	return slices.Sorted(maps.Keys(in.inProgress))
}

// report records why messages failed. It is an observer for sqsbatch.WithReport.
func report(ctx context.Context, r sqsbatch.Report) {
	in := ctx.Value(pointKey{}).(*faultPoint).in
	in.sched.mu.Lock()
	defer in.sched.mu.Unlock()
	for i := range r.Results {
		result := &r.Results[i]
		switch {
		case result.Outcome == sqsbatch.DeadLettered:
			in.results = append(in.results, fmt.Sprintf("%s is dead-lettered: %v", result.Message.MessageId, result.Err))
		case !result.Outcome.Done():
			in.results = append(in.results, fmt.Sprintf("%s: %v", result.Message.MessageId, result.Err))
		}
	}
}

// pointKey is the context key of the fault point.
type pointKey struct{}

// faultPoint is what the context of a message or an option carries.
type faultPoint struct {
	in    *invocation
	name  string // of the message; empty for the context of options
	calls int    // guarded by the scheduler's mutex
}

// withPoint returns the context of a message, with its own fault point.
func withPoint(ctx context.Context, name string) (context.Context, *faultPoint) {
	p := &faultPoint{in: ctx.Value(pointKey{}).(*faultPoint).in, name: name}
	return context.WithValue(ctx, pointKey{}, p), p
}

// call is the fault point at the message's next [Call].
func (p *faultPoint) call(ctx context.Context, name string) error {
	p.in.sched.mu.Lock()
	p.calls++
	n := p.calls
	p.in.sched.mu.Unlock()

	where := fmt.Sprintf("in %s at call %d", p.name, n)
	if p.name == "" {
		where = "at a call of an option"
	}
	if name != "" {
		where += " (" + name + ")"
	}
	return p.in.reach(ctx, p.name, where, true)
}
