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

// DefaultMaxBytes is the most memory that logs take where Options name no bound,
// and MinMaxBytes the least that can be named: an event may have 1 MB.
const (
	DefaultMaxBytes = 100 << 20
	MinMaxBytes     = 8 << 20
)

// gcFactor is how many times the memory of what is held a process takes: Go's
// garbage collector lets the heap grow to about twice of what lives.
const gcFactor = 2

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
	// MaxBytes is the most memory that the events of all groups may take,
	// overhead and the garbage collector's share included; beyond it the oldest
	// events of the largest groups are dropped. 0 means DefaultMaxBytes; less
	// than MinMaxBytes counts as that.
	MaxBytes int64
}

// Service is an embedded CloudWatch Logs. Its methods are safe for concurrent
// use.
type Service struct {
	clock     *clock.Clock
	chance    *chance.Source
	store     *store.Store
	log       *slog.Logger
	maxBytes  int64
	maxMemory int64 // of blocks and implicit streams, for maxBytes in all

	mu      sync.Mutex // guards all below, and every group and stream
	groups  map[scope]map[string]*group
	memory  int64  // bytes that blocks and implicit streams take
	lastSeq uint64 // the last event's number
	lastID  uint64 // the last number of a stream or block

	eventHandlers       []func(account, region, group, stream string, events []Event)
	measurementHandlers []func(account, region string, m Measurement)
}

// scope is where resources live.
type scope struct{ account, region string }

func scopeOf(c *awsapi.Call) scope { return scope{c.Account, c.Region} }

// New makes a service with the state that the store holds.
func New(o Options) (*Service, error) {
	s := &Service{
		clock:    o.Clock,
		chance:   o.Chance,
		store:    o.Store,
		log:      o.Logger,
		maxBytes: o.MaxBytes,
		groups:   map[scope]map[string]*group{},
	}

	if s.store == nil {
		s.store = store.Memory()
	}

	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}

	if s.maxBytes <= 0 {
		s.maxBytes = DefaultMaxBytes
	}

	s.maxBytes = max(s.maxBytes, MinMaxBytes)
	s.maxMemory = s.maxBytes / gcFactor
	if err := s.load(); err != nil {
		return nil, err
	}

	return s, nil
}

// OnEvents has f called with each batch of events that was taken, in the order
// of its stream, without any lock. Call it before the service is used.
func (s *Service) OnEvents(f func(account, region, group, stream string, events []Event)) {
	s.eventHandlers = append(s.eventHandlers, f)
}

// OnMeasurement has f called with each value that a metric filter draws from the
// events, and with each number of events that were dropped, without any lock. Call it before the service is used.
func (s *Service) OnMeasurement(f func(account, region string, m Measurement)) {
	s.measurementHandlers = append(s.measurementHandlers, f)
}

// now is the service time in epoch milliseconds, the unit of every time in the
// API (LAM E1).
func (s *Service) now() int64 { return s.clock.Now().UnixMilli() }

// nextID returns a number for a new stream or block, with mu held.
func (s *Service) nextID() uint64 {
	s.lastID++
	return s.lastID
}

func fromMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// findGroup answers a group, with mu held.
func (s *Service) findGroup(at scope, name string) (*group, error) {
	if g := s.groups[at][name]; g != nil {
		return g, nil
	}
	return nil, groupNotFound()
}

// Reset removes every group of an account and region; an empty string stands
// for all of them.
func (s *Service) Reset(account, region string) error {
	s.mu.Lock()
	b := s.store.Batch()
	for at, groups := range s.groups {
		if account != "" && account != at.account || region != "" && region != at.region {
			continue
		}
		for _, g := range groups {
			s.deleteGroup(b, g)
		}
	}

	commit := b.Apply()
	s.mu.Unlock()
	return commit.Wait()
}
