package sqs

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// Options says what a service stands on.
type Options struct {
	// Clock is service time. Required.
	Clock *clock.Clock
	// Chance is where ids and receipt handles come from; nil means one that
	// nobody can foresee.
	Chance *chance.Source
	// Store keeps what was acknowledged; nil means memory only.
	Store *store.Store
	// Logger gets what goes wrong inside; nil discards it.
	Logger *slog.Logger
	// Principals is IAM's directory, by which queue policies are stored. The zero
	// value keeps policies as they are sent, whomever they name.
	Principals policy.Directory
	// Observe is told what happens to each message, in the order in which it
	// happens in its queue. It is called with the queue locked: it must be quick,
	// and must not call the service. Messages that go with a purge or with their
	// queue are not told of. Nil costs nothing.
	Observe func(Event)
	// Stray is how many places behind send order a message of a standard queue may
	// be received, drawn anew each time that it becomes visible. SQS promises no
	// order (SQS I13); 0 keeps to send order.
	Stray int
	// Changed is told that metrics of a queue have something new to show: it was
	// emptied or deleted, or a message came, went or changed its state. It is
	// called without any lock, on every such change: it must be quick. Empty
	// receives, and ages that grow by themselves, are not told of. Nil costs nothing.
	Changed func()
}

// Service is an embedded SQS: the queues of every account and region. Its methods
// are safe for concurrent use. Callers bracket each operation with Begin and End
// of the clock, as the gateway does; a long poll is not work while it waits.
type Service struct {
	clock  *clock.Clock
	chance *chance.Source
	store  *store.Store
	log    *slog.Logger

	principals policy.Directory

	observe         func(Event) // nil when nobody wants to know
	onMetricsChange func()      // likewise
	stray           func() int  // nil when messages keep their places

	queues  catalog
	tasks   moveTasks
	watch   sync.Map    // ARN to *watchers
	waiting atomic.Bool // whether long polls may wait; see ReleasePolls
}

// New makes a service with what its store holds.
func New(o Options) (*Service, error) {
	if o.Chance == nil {
		o.Chance = chance.New()
	}
	if o.Store == nil {
		o.Store = store.Memory()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		clock:           o.Clock,
		chance:          o.Chance,
		store:           o.Store,
		log:             o.Logger,
		principals:      o.Principals,
		observe:         o.Observe,
		onMetricsChange: o.Changed,
	}
	if o.Stray > 0 {
		s.stray = func() int { return s.chance.IntN(o.Stray + 1) }
	}
	s.waiting.Store(true)
	s.queues.deleted = map[queueKey]int64{}
	if err := s.restore(); err != nil {
		return nil, err
	}
	return s, nil
}

// now is the service time in nanoseconds since 1970.
func (s *Service) now() int64 { return s.clock.Now().UnixNano() }

// API is the service's table of operations.
func (s *Service) API() *awsapi.Service {
	return &awsapi.Service{
		Name:           "sqs",
		Target:         "AmazonSQS",
		JSONVersion:    "1.0",
		QueryVersion:   "2012-11-05",
		Namespace:      "http://queue.amazonaws.com/doc/2012-11-05/",
		Flattened:      true,
		ErrorNamespace: modelNamespace,
		Operations:     s.operations(),
	}
}
