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

const (
	// DefaultMaxBytes is the limit of memory if Options set none.
	DefaultMaxBytes = 100 << 20
	// MinMaxBytes is the lowest limit that can be set: a single event can have 1 MB.
	MinMaxBytes = 8 << 20
)

// gcFactor is how much memory a process takes in relation to its live heap: by
// default, Go's garbage collector lets the heap grow to twice the live heap.
const gcFactor = 2

// Options configures a Service.
type Options struct {
	// Clock is the service clock. Required.
	Clock *clock.Clock
	// Chance is the random source of sequence tokens. Required.
	Chance *chance.Source
	// Store stores what is acknowledged; nil stores nothing.
	Store *store.Store
	// Logger receives warnings; nil discards them.
	Logger *slog.Logger
	// MaxBytes is the limit of memory for the events of all groups in bytes,
	// including overhead and that of the garbage collector. At the limit, the
	// oldest events of the largest groups are dropped. 0 means DefaultMaxBytes; a
	// value below MinMaxBytes is raised to it.
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
	maxMemory int64 // limit for the field memory, so that the process takes maxBytes

	mu      sync.Mutex // guards the fields below, and all groups and streams
	groups  map[awsapi.Scope]map[string]*group
	memory  int64  // bytes of blocks and implicit streams
	lastSeq uint64 // sequence number of the last event
	lastID  uint64 // last id of a stream or block

	eventHandlers       []func(account, region, group, stream string, events []Event)
	measurementHandlers []func(account, region string, m Measurement)
}

// New returns a service with the state that the store holds.
func New(o Options) (*Service, error) {
	s := &Service{
		clock:    o.Clock,
		chance:   o.Chance,
		store:    o.Store,
		log:      o.Logger,
		maxBytes: o.MaxBytes,
		groups:   map[awsapi.Scope]map[string]*group{},
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

// OnEvents registers f to be called with each accepted batch of events, without a
// lock. Batches of one stream come in their order. Call it before the service is
// used.
func (s *Service) OnEvents(f func(account, region, group, stream string, events []Event)) {
	s.eventHandlers = append(s.eventHandlers, f)
}

// OnMeasurement registers f to be called with each value that a metric filter
// extracts from an event, and with each number of dropped events, without a lock.
// Call it before the service is used.
func (s *Service) OnMeasurement(f func(account, region string, m Measurement)) {
	s.measurementHandlers = append(s.measurementHandlers, f)
}

// now returns the service time in epoch milliseconds, as all times in the API (LAM
// E1).
func (s *Service) now() int64 { return s.clock.Now().UnixMilli() }

// nextID returns the id of a new stream or block. The caller holds mu.
func (s *Service) nextID() uint64 {
	s.lastID++
	return s.lastID
}

func fromMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// findGroup returns a group, or a ResourceNotFoundException. The caller holds mu.
func (s *Service) findGroup(scope awsapi.Scope, name string) (*group, error) {
	if g := s.groups[scope][name]; g != nil {
		return g, nil
	}
	return nil, groupNotFound()
}

// Reset removes all groups of an account and region. An empty string stands for all
// of them.
func (s *Service) Reset(account, region string) error {
	s.mu.Lock()
	b := s.store.Batch()

	// Within treats empty strings as all.
	for scope, groups := range s.groups {
		if !scope.Within(account, region) {
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
