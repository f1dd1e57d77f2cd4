package logs

import (
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// Event is a log event, as other services write and receive it.
type Event struct {
	// Time is its timestamp, with a resolution of milliseconds.
	Time time.Time
	// Message is its text, without a newline at the end.
	Message string
}

// HasGroup reports whether a group exists.
func (s *Service) HasGroup(account, region, group string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.groups[awsapi.Scope{Account: account, Region: region}][group] != nil
}

// EnsureGroup creates a group if it does not exist.
func (s *Service) EnsureGroup(account, region, group string) error {
	if err := validateGroupName(group); err != nil {
		return err
	}

	scope := awsapi.Scope{Account: account, Region: region}

	s.mu.Lock()
	defer s.mu.Unlock()

	if s.groups[scope][group] == nil {
		b := s.store.Batch()
		s.createGroup(b, scope, group, nil)
		b.Apply()
	}

	return nil
}

// EnsureStream creates a stream if it does not exist. It returns a
// ResourceNotFoundException if the group does not exist.
func (s *Service) EnsureStream(account, region, groupName, streamName string) error {
	if err := validateStreamName(streamName); err != nil {
		return err
	}
	_, err := s.changeGroupLocked(awsapi.Scope{Account: account, Region: region}, groupName, func(b *store.Batch, g *group) error {
		s.ensureStream(b, g, streamName)
		return nil
	})
	return err
}

// Write appends events to a stream, which it creates if it does not exist. It
// returns a ResourceNotFoundException if the group does not exist (see
// EnsureGroup). It is for the output of functions: the limits of PutLogEvents do
// not apply, and it does not wait for the disk.
func (s *Service) Write(account, region, groupName, streamName string, events []Event) error {
	if len(events) == 0 {
		return nil
	}

	scope := awsapi.Scope{Account: account, Region: region}
	if err := validateStreamName(streamName); err != nil {
		return err
	}

	a, err := s.appendBatch(scope, groupName, events, func(b *store.Batch, g *group) (*stream, error) {
		return s.ensureStream(b, g, streamName), nil
	})
	if err != nil {
		return err
	}

	s.notifySubscribers(scope, groupName, streamName, events, a)
	return nil
}

// appendResult is what is left to do after an append, without the lock.
type appendResult struct {
	commit  store.Commit    // to wait for, if the caller must
	filters []*metricFilter // the group's metric filters, to be applied to the events
	drops   []Measurement   // numbers of events dropped at the memory limit
}

// appendBatch adds events to the stream that pick returns.
func (s *Service) appendBatch(scope awsapi.Scope, name string, events []Event, pick func(*store.Batch, *group) (*stream, error)) (appendResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	g, err := s.findGroup(scope, name)
	if err != nil {
		return appendResult{}, err
	}

	b := s.store.Batch()
	st, err := pick(b, g)
	if err != nil {
		return appendResult{}, err
	}

	// Number the events in the order of arrival, and sort them by time.
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

	// Stay within the memory limit, and schedule the expiry of the oldest event.
	drops := s.limitMemory(b)
	if g.retention > 0 && (g.expiry == nil || batch[0].time < g.expiryOldest) {
		s.scheduleExpiry(g)
	}

	return appendResult{
		commit:  b.Apply(),
		filters: g.filters,
		drops:   drops,
	}, nil
}

// notifySubscribers passes accepted events to metric filters and to the handlers of
// OnEvents. Call it without the lock.
func (s *Service) notifySubscribers(scope awsapi.Scope, group, stream string, events []Event, a appendResult) {
	for _, f := range a.filters {
		s.measure(scope, f, events)
	}
	for _, m := range a.drops {
		s.reportMeasurement(m.scope, m)
	}
	for _, handle := range s.eventHandlers {
		handle(scope.Account, scope.Region, group, stream, events)
	}
}
