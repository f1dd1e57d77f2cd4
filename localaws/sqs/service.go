package sqs

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// Options configures a service.
type Options struct {
	// Clock is service time. Required.
	Clock *clock.Clock
	// Chance is the random source of ids and receipt handles; nil means an
	// unpredictable one.
	Chance *chance.Source
	// Store saves what was acknowledged; nil means memory only.
	Store *store.Store
	// Principals translates the principals of queue policies to the unique ids
	// under which they are stored. The zero value stores policies as sent,
	// whatever principals they name.
	Principals policy.Directory
	// Observe receives an event for each state change of a message, in the order
	// of the changes in its queue. It is called with the queue locked: it must
	// return quickly and must not call the service. A purge, the deletion of a
	// queue and Reset emit no events. Nil costs nothing.
	Observe func(Event)
	// Stray is the largest number of positions behind send order at which a
	// message of a standard queue may be received. The distance is drawn each
	// time that the message becomes visible. SQS guarantees no order (SQS I13);
	// 0 means send order.
	Stray int
	// Changed is called when metrics of a queue may have changed: it was emptied
	// or deleted, or a message was added, removed or changed its state. It is
	// called without a lock on every such change, so it must return quickly.
	// Empty receives and growing ages do not count. Nil costs nothing.
	Changed func()
}

// Service is an embedded SQS: the queues of every account and region. It is safe
// for concurrent use. Callers bracket each operation with Begin and End of the
// clock, as the gateway does; a waiting long poll does not count as work.
type Service struct {
	clock  *clock.Clock
	chance *chance.Source
	store  *store.Store

	principals policy.Directory

	observe         func(Event) // nil without an observer
	onMetricsChange func()      // nil without an observer
	stray           func() int  // positions to fall back; nil keeps send order

	queues  catalog
	tasks   moveTasks
	watch   sync.Map    // ARN to *watchers
	waiting atomic.Bool // whether long polls may wait; see ReleasePolls
}

// New returns a service with the contents of its store.
func New(o Options) (*Service, error) {
	if o.Chance == nil {
		o.Chance = chance.New()
	}
	if o.Store == nil {
		o.Store = store.Memory()
	}

	s := &Service{
		clock:           o.Clock,
		chance:          o.Chance,
		store:           o.Store,
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

// now returns the service time in nanoseconds since 1970.
func (s *Service) now() int64 { return s.clock.Now().UnixNano() }

// Reset deletes the queues and move tasks of an account in a region. The names of
// the queues can be reused at once. An empty string means every account, or every
// region. Waiting long polls end with QueueDoesNotExist.
func (s *Service) Reset(account, region string) error {
	s.queues.mu.Lock()
	defer s.queues.mu.Unlock()

	var errs []error
	var deleted []queueKey

	// Delete the queues without recording the deletion of their names.
	for _, q := range s.queues.all() {
		if !q.Within(account, region) {
			continue
		}
		tx := q.begin()
		tx.destroy()
		s.queues.queues.Delete(q.queueKey)
		tx.deleteStoredQueue()
		errs = append(errs, tx.end().Wait())
		deleted = append(deleted, q.queueKey)
	}

	errs = append(errs, s.resetTasks(account, region), s.releaseNames(account, region, deleted))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("reset queues: %w", err)
	}
	return nil
}
