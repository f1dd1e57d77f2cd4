package localaws

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// tableTime holds one key: the latest service time that was noted, in nanoseconds
// since 1970.
const tableTime store.Table = "time"

// timeStep is how far service time may move on before it is noted again: what was
// acknowledged at a time is never read back at an earlier one, by more than this.
const timeStep = time.Second

// errTime says that the noted time cannot be read.
var errTime = errors.New("the service time is no time")

// times keeps service time in the store, so that it does not run backwards over a
// restart: a clock that skips may be days ahead of the machine's, and so are then
// the deadlines of messages. It notes the time when somebody calls and not by
// itself: time that nobody saw need not be kept.
type times struct {
	clock *clock.Clock
	store *store.Store
	noted atomic.Int64 // the time in line for the store

	mu sync.Mutex // held while a time gets in line, so that later ones come later
}

// startClock makes the clock. It begins where service time had come to when that
// is later than where it would.
func (s *Server) startClock() error {
	p, start := s.parts, s.opts.ClockStart
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
		s.opts.Logger.Info("service time goes on from where it was", slog.Time("time", start), slog.Duration("ahead", ahead))
	}
	s.clock = clock.Resume(s.opts.ClockMode, start, ahead)
	if s.opts.Hold {
		s.clock.Hold()
	}
	p.times = &times{clock: s.clock, store: p.store}
	return nil
}

// readTime is the time that was noted last, or zero.
func readTime(st *store.Store) (last time.Time, err error) {
	err = st.Scan(tableTime, "", func(_ string, value []byte) error {
		if len(value) != 8 {
			return errTime
		}
		last = time.Unix(0, int64(binary.BigEndian.Uint64(value)))
		return nil
	})
	return last, err
}

// note puts the service time in line for the store, unless one that is little
// older is in line already. What is put in line after it returns never becomes
// durable without it.
func (t *times) note() store.Commit {
	now := t.clock.Now().UnixNano()
	if now-t.noted.Load() < int64(timeStep) || !t.store.Durable() {
		return store.Commit{}
	}
	return t.write(now)
}

// last notes the time at which service time ends.
func (t *times) last() error {
	if err := t.write(t.clock.Now().UnixNano()).Wait(); err != nil {
		return fmt.Errorf("keep the service time: %w", err)
	}
	return nil
}

func (t *times) write(now int64) store.Commit {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now <= t.noted.Load() || t.store.Err() != nil {
		return store.Commit{}
	}
	b := t.store.Batch()
	b.Put(tableTime, "now", binary.BigEndian.AppendUint64(nil, uint64(now)))
	commit := b.Apply()
	t.noted.Store(now)
	return commit
}

// following notes the time once a request is answered that may have moved it.
func (t *times) following(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		t.note()
	})
}
