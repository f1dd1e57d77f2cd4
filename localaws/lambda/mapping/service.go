package mapping

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// DefaultMaxBatches is the most active batches of one mapping when [Options.MaxBatches]
// is 0.
const DefaultMaxBatches = 50

// Options configures the service. Clock, Chance, Store, Queues, Functions and Roles are
// required.
type Options struct {
	// Clock is service time.
	Clock *clock.Clock
	// Chance is the random source of UUIDs and of the jitter of retries.
	Chance *chance.Source
	// Store holds the mappings.
	Store *store.Store
	// Queues is SQS.
	Queues Queues
	// Functions is Lambda. It is not called before Start.
	Functions Functions
	// Roles returns sessions of execution roles.
	Roles Roles
	// Metrics takes the counts of mappings that are configured to publish them; nil
	// discards them.
	Metrics Metrics
	// Logger gets errors of polling; nil discards them.
	Logger *slog.Logger
	// MaxBatches is the most batches of one mapping that are gathered or invoked at a
	// time, where AWS has 1,250 (LAM B24). 0 means [DefaultMaxBatches].
	MaxBatches int
}

// Service is the event source mappings of all accounts and regions. It is safe for
// concurrent use.
type Service struct {
	opts Options
	ctx  context.Context // of all polling; canceled by Close
	stop context.CancelFunc

	mu       sync.Mutex // guards all below, and the contents of mappings
	started  bool
	mappings map[awsapi.Scope]map[string]*mapping // by UUID
}

// mapping is one mapping and its poller.
type mapping struct {
	storedConfiguration
	changing bool    // an update or delete is in progress (LAM B10)
	poller   *poller // nil while disabled
}

// New makes the service with the mappings that the store holds. They begin to poll at
// [Service.Start].
func New(o Options) (*Service, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxBatches <= 0 {
		o.MaxBatches = DefaultMaxBatches
	}

	s := &Service{opts: o, mappings: map[awsapi.Scope]map[string]*mapping{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if err := s.load(); err != nil {
		s.stop()
		return nil, fmt.Errorf("read event source mappings: %w", err)
	}
	return s, nil
}

// Start lets enabled mappings poll: those from the store at once, others when they are
// created. Functions and queues must be ready.
func (s *Service) Start() {
	s.mu.Lock()
	s.started = true
	var pollers []*poller
	for _, mappings := range s.mappings {
		// In a repeatable order, for simulations.
		for _, uuid := range slices.Sorted(maps.Keys(mappings)) {
			if m := mappings[uuid]; m.Enabled && m.poller == nil {
				m.poller = newPoller(s, &m.storedConfiguration)
				pollers = append(pollers, m.poller)
			}
		}
	}
	s.mu.Unlock()

	for _, p := range pollers {
		p.start()
	}
}

// Close stops all polling. Invocations in progress end as usual.
func (s *Service) Close() {
	s.mu.Lock()
	var pollers []*poller
	for _, mappings := range s.mappings {
		pollers = append(pollers, detachPollers(mappings)...)
	}
	s.mu.Unlock()

	for _, p := range pollers {
		p.stop()
	}
	s.stop()
}

// Reset deletes the mappings of an account and region; an empty string stands for all
// accounts or regions. Invocations in progress end as usual.
func (s *Service) Reset(account, region string) error {
	// One batch, so that a crash does not leave half of it.
	batch := s.opts.Store.Batch()
	s.mu.Lock()
	var pollers []*poller
	for in, mappings := range s.mappings {
		if !in.Within(account, region) {
			continue
		}
		pollers = append(pollers, detachPollers(mappings)...)
		for _, m := range mappings {
			batch.Delete(table, m.storeKey())
		}
		delete(s.mappings, in)
	}
	commit := batch.Apply()
	s.mu.Unlock()

	for _, p := range pollers {
		p.stop()
	}
	if err := commit.Wait(); err != nil {
		return fmt.Errorf("delete event source mappings: %w", err)
	}
	return nil
}

// detachPollers removes the pollers from mappings and returns them, with mu held.
func detachPollers(mappings map[string]*mapping) []*poller {
	var pollers []*poller
	for _, uuid := range slices.Sorted(maps.Keys(mappings)) {
		if p := mappings[uuid].poller; p != nil {
			pollers = append(pollers, p)
		}
		mappings[uuid].poller = nil
	}
	return pollers
}

// add adds a mapping to the maps, with mu held.
func (s *Service) add(m *mapping) {
	in := m.scope()
	if s.mappings[in] == nil {
		s.mappings[in] = map[string]*mapping{}
	}
	s.mappings[in][m.UUID] = m
}

// findMapping returns the mapping with a UUID, or an error if there is none (LAM B11). mu
// must be held.
func (s *Service) findMapping(in awsapi.Scope, uuid string) (*mapping, error) {
	m, ok := s.mappings[in][uuid]
	if !ok {
		return nil, errNotFound.With("The resource you requested does not exist.")
	}
	return m, nil
}
