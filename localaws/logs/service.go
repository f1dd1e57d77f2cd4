package logs

import (
	"log/slog"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// DefaultMaxGroupBytes is how much a group keeps where Options name no bound.
const DefaultMaxGroupBytes = 64 << 20

// Options says what the service stands on.
type Options struct {
	// Clock is the service time. Required.
	Clock *clock.Clock
	// Chance gives sequence tokens. Required.
	Chance *chance.Source
	// Store keeps what is acknowledged; nil keeps nothing.
	Store *store.Store
	// Logger gets warnings; nil discards them.
	Logger *slog.Logger
	// MaxGroupBytes bounds what one group keeps: UTF-8 bytes of its messages
	// plus 26 for each. 0 means DefaultMaxGroupBytes.
	MaxGroupBytes int64
}

// Service is an embedded CloudWatch Logs. Its methods are safe for concurrent
// use.
type Service struct {
	clock    *clock.Clock
	chance   *chance.Source
	store    *store.Store
	log      *slog.Logger
	maxBytes int64

	mu     sync.Mutex // guards all below, and every group and stream
	shelf  map[place]map[string]*group
	seq    uint64 // the last event's number
	lastID uint64 // the last stream's number

	subscribers []func(account, region, group, stream string, events []Event)
	meters      []func(account, region string, m Measurement)
}

// place is where resources live.
type place struct{ account, region string }

func placeOf(c *awsapi.Call) place { return place{c.Account, c.Region} }

// New makes a service with the state that the store holds.
func New(o Options) (*Service, error) {
	s := &Service{
		clock: o.Clock, chance: o.Chance, store: o.Store, log: o.Logger, maxBytes: o.MaxGroupBytes,
		shelf: map[place]map[string]*group{},
	}
	if s.store == nil {
		s.store = store.Memory()
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.maxBytes <= 0 {
		s.maxBytes = DefaultMaxGroupBytes
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	return s, nil
}

// OnEvents has f called with each batch of events that was taken, in the order
// of its stream, without any lock. Call it before the service is used.
func (s *Service) OnEvents(f func(account, region, group, stream string, events []Event)) {
	s.subscribers = append(s.subscribers, f)
}

// OnMeasurement has f called with each value that a metric filter draws from the
// events, without any lock. Call it before the service is used.
func (s *Service) OnMeasurement(f func(account, region string, m Measurement)) {
	s.meters = append(s.meters, f)
}

// now is the service time in epoch milliseconds, the unit of every time in the
// API (LAM E1).
func (s *Service) now() int64 { return s.clock.Now().UnixMilli() }

func fromMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// find answers a group, with mu held.
func (s *Service) find(at place, name string) (*group, error) {
	if g := s.shelf[at][name]; g != nil {
		return g, nil
	}
	return nil, noGroup()
}

// Reset removes every group of an account and region; an empty string stands
// for all of them.
func (s *Service) Reset(account, region string) error {
	s.mu.Lock()
	b := s.store.Batch()
	for at, groups := range s.shelf {
		if account != "" && account != at.account || region != "" && region != at.region {
			continue
		}
		for _, g := range groups {
			s.drop(b, g)
		}
	}
	commit := b.Apply()
	s.mu.Unlock()
	return commit.Wait()
}
