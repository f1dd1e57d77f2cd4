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
	return s.groups[scope{account, region}][group] != nil
}

// EnsureGroup makes a group where it does not exist yet.
func (s *Service) EnsureGroup(account, region, group string) error {
	if err := validateGroupName(group); err != nil {
		return err
	}

	at := scope{account, region}

	s.mu.Lock()
	defer s.mu.Unlock()

	if s.groups[at][group] == nil {
		b := s.store.Batch()
		s.createGroup(b, at, group, nil)
		b.Apply()
	}

	return nil
}

// EnsureStream makes a stream where it does not exist yet. It answers a
// ResourceNotFoundException where the group does not exist.
func (s *Service) EnsureStream(account, region, groupName, streamName string) error {
	if err := validateStreamName(streamName); err != nil {
		return err
	}
	_, err := s.changeGroupLocked(scope{account, region}, groupName, func(b *store.Batch, g *group) error {
		s.ensureStream(b, g, streamName)
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

	at := scope{account, region}
	if err := validateStreamName(streamName); err != nil {
		return err
	}

	a, err := s.appendBatch(at, groupName, events, func(b *store.Batch, g *group) (*stream, error) {
		return s.ensureStream(b, g, streamName), nil
	})
	if err != nil {
		return err
	}

	s.notifySubscribers(at, groupName, streamName, events, a)
	return nil
}

// appendResult is the work that an append causes, to be done without the lock.
type appendResult struct {
	commit  store.Commit
	filters []*metricFilter // those that are to see the events
	drops   []Measurement   // events that were dropped for lack of room
}

// appendBatch puts events into the stream that pick chooses.
func (s *Service) appendBatch(at scope, name string, events []Event, pick func(*store.Batch, *group) (*stream, error)) (appendResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	g, err := s.findGroup(at, name)
	if err != nil {
		return appendResult{}, err
	}

	b := s.store.Batch()
	st, err := pick(b, g)
	if err != nil {
		return appendResult{}, err
	}

	now := s.now()
	batch := make([]event, len(events))
	for i, e := range events {
		s.lastSeq++
		batch[i] = event{
			time:     e.Time.UnixMilli(),
			ingested: now,
			seq:      s.lastSeq,
			message:  e.Message,
		}
	}

	slices.SortFunc(batch, comparePositions)
	st.ingested = now
	s.insertEvents(b, st, batch)

	drops := s.limitMemory(b)
	if g.retention > 0 && (g.expiry == nil || batch[0].time < g.expiryOldest) {
		s.scheduleExpiry(g)
	}

	return appendResult{b.Apply(), g.filters, drops}, nil
}

// notifySubscribers passes events on to metric filters and subscribers, without the lock.
func (s *Service) notifySubscribers(at scope, group, stream string, events []Event, a appendResult) {
	for _, f := range a.filters {
		s.measure(at, f, events)
	}
	for _, m := range a.drops {
		s.reportMeasurement(m.scope, m)
	}
	for _, f := range s.eventHandlers {
		f(at.account, at.region, group, stream, events)
	}
}
