package logs

import (
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/store"
)

// Event is a log event as other services write and see it.
type Event struct {
	// Time is its time stamp, cut to milliseconds.
	Time time.Time
	// Message is its text, without a line end.
	Message string
}

// HasGroup reports whether a group exists.
func (s *Service) HasGroup(account, region, group string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shelf[place{account, region}][group] != nil
}

// EnsureGroup makes a group where it does not exist yet.
func (s *Service) EnsureGroup(account, region, group string) error {
	if err := checkGroup(group); err != nil {
		return err
	}
	at := place{account, region}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shelf[at][group] == nil {
		b := s.store.Batch()
		s.create(b, at, group, nil)
		b.Apply()
	}
	return nil
}

// EnsureStream makes a stream where it does not exist yet. It answers a
// ResourceNotFoundException where the group does not exist.
func (s *Service) EnsureStream(account, region, groupName, streamName string) error {
	if err := checkStream(streamName); err != nil {
		return err
	}
	_, err := s.locked(place{account, region}, groupName, func(b *store.Batch, g *group) error {
		s.stream(b, g, streamName)
		return nil
	})
	return err
}

// Write appends events to a stream, and makes the stream where it does not exist
// yet; the group must (see EnsureGroup), else it answers a
// ResourceNotFoundException. It is how output of functions comes in: the bounds
// of PutLogEvents do not hold for it, and it does not wait for the disk.
func (s *Service) Write(account, region, groupName, streamName string, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	at := place{account, region}
	if err := checkStream(streamName); err != nil {
		return err
	}
	a, err := s.append(at, groupName, events, func(b *store.Batch, g *group) (*stream, error) {
		return s.stream(b, g, streamName), nil
	})
	if err != nil {
		return err
	}
	s.tell(at, groupName, streamName, events, a)
	return nil
}

// appended is the work that an append causes, to be done without the lock.
type appended struct {
	commit  store.Commit
	filters []*metricFilter // those that are to see the events
	drops   []Measurement   // events that were dropped for lack of room
}

// append puts events into the stream that pick chooses.
func (s *Service) append(at place, name string, events []Event, pick func(*store.Batch, *group) (*stream, error)) (appended, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(at, name)
	if err != nil {
		return appended{}, err
	}
	b := s.store.Batch()
	st, err := pick(b, g)
	if err != nil {
		return appended{}, err
	}

	now := s.now()
	batch := make([]event, len(events))
	for i, e := range events {
		s.seq++
		batch[i] = event{time: e.Time.UnixMilli(), ingested: now, seq: s.seq, message: e.Message}
	}
	slices.SortFunc(batch, comparePositions)
	st.ingested = now
	s.add(b, st, batch)

	drops := s.bound(b)
	if g.retention > 0 && (g.expiry == nil || batch[0].time < g.expiring) {
		s.bookExpiry(g)
	}
	return appended{b.Apply(), g.filters, drops}, nil
}

// tell passes events on to metric filters and subscribers, without the lock.
func (s *Service) tell(at place, group, stream string, events []Event, a appended) {
	for _, f := range a.filters {
		s.measure(at, f, events)
	}
	for _, m := range a.drops {
		s.report(m.at, m)
	}
	for _, f := range s.subscribers {
		f(at.account, at.region, group, stream, events)
	}
}
