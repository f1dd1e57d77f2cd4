package localaws

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// tableTime holds one key: the latest service time that was saved, in nanoseconds
// since 1970.
const tableTime store.Table = "time"

// timeStep is how far service time may advance before it is saved again: after a
// restart it is not earlier than the time of any acknowledged effect by more than this.
const timeStep = time.Second

// errMalformedTime reports a stored service time that cannot be decoded.
var errMalformedTime = errors.New("the stored service time is malformed")

// timeKeeper saves service time in the store, so that it does not run backwards over a
// restart: a clock that skips may be days ahead of the machine's, and so are then the
// deadlines of messages. It saves the time when there is a request, not on a timer:
// time that no request observed can be lost.
type timeKeeper struct {
	clock *clock.Clock
	store *store.Store
	saved atomic.Int64 // the latest time that was passed to the store

	mu sync.Mutex // held while a time is passed to the store, so that later times follow
}

// startClock makes the clock. It starts at the latest saved time, if that is later
// than its start would be otherwise.
func (s *Server) startClock() error {
	p := s.parts
	start := s.opts.ClockStart
	if start.IsZero() {
		start = time.Now()
	}

	last, err := readTime(p.store)
	if err != nil {
		return fmt.Errorf("read the service time: %w", err)
	}

	ahead := max(last.Sub(start), 0)
	if ahead > 0 {
		start = last
		s.opts.Logger.Info("service time continues from its last value", "service_time", start, "ahead", ahead)
	}

	// The clock counts what was skipped before the restart as skipped, too.
	s.clock = clock.Resume(s.opts.ClockMode, start, ahead)
	if s.opts.Hold {
		s.clock.Hold()
	}

	p.time = &timeKeeper{clock: s.clock, store: p.store}
	return nil
}

// readTime returns the time that was saved last, or zero.
func readTime(st *store.Store) (last time.Time, err error) {
	err = st.Scan(tableTime, "", func(_ string, value []byte) error {
		if len(value) != 8 {
			return errMalformedTime
		}
		last = time.Unix(0, int64(binary.BigEndian.Uint64(value)))
		return nil
	})
	return last, err
}

// save passes the service time to the store, unless it passed one less than timeStep
// ago. Whatever is passed to the store after save returns becomes durable only
// together with that time.
func (t *timeKeeper) save() store.Commit {
	now := t.clock.Now().UnixNano()
	if now-t.saved.Load() < int64(timeStep) || !t.store.Durable() {
		return store.Commit{}
	}
	return t.write(now)
}

// saveFinal saves the time at which service time ends.
func (t *timeKeeper) saveFinal() error {
	if err := t.write(t.clock.Now().UnixNano()).Wait(); err != nil {
		return fmt.Errorf("save the service time: %w", err)
	}
	return nil
}

func (t *timeKeeper) write(now int64) store.Commit {
	t.mu.Lock()
	defer t.mu.Unlock()

	// Another request may have saved a later time since the caller read the clock.
	if now <= t.saved.Load() || t.store.Err() != nil {
		return store.Commit{}
	}

	b := t.store.Batch()
	b.Put(tableTime, "now", binary.BigEndian.AppendUint64(nil, uint64(now)))
	commit := b.Apply()
	// After Apply: save relies on it that a time in saved has reached the store.
	t.saved.Store(now)
	return commit
}

// savedAfter returns a handler that saves the time after each request to h, which may
// have moved it.
func (t *timeKeeper) savedAfter(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		t.save()
	})
}
