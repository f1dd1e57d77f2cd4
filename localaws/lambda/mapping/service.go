package mapping

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// DefaultMaxBatches is how many batches one mapping has with its function at a
// time when [Options.MaxBatches] is 0.
const DefaultMaxBatches = 50

// Options is what mappings stand on. Clock, Chance, Store, Queues, Functions and
// Roles are required.
type Options struct {
	// Clock is service time.
	Clock *clock.Clock
	// Chance gives UUIDs and the jitter of retries.
	Chance *chance.Source
	// Store keeps the mappings.
	Store *store.Store
	// Queues is SQS.
	Queues Queues
	// Functions is Lambda. It is not called before Start.
	Functions Functions
	// Roles gives sessions of execution roles.
	Roles Roles
	// Metrics takes the counts of mappings that ask for them; nil drops them.
	Metrics Metrics
	// Logger gets what goes wrong while polling; nil discards it.
	Logger *slog.Logger
	// MaxBatches bounds the batches that one mapping has with its function at a
	// time, where AWS has 1,250 (LAM B24). 0 means [DefaultMaxBatches].
	MaxBatches int
}

// Service is the event source mappings of all accounts and regions. It is safe
// for concurrent use.
type Service struct {
	opts Options
	ctx  context.Context // of all polling; ends with Close
	stop context.CancelFunc

	mu       sync.Mutex
	started  bool
	mappings map[scope]map[string]*mapping // by UUID
}

// scope is where a mapping lives.
type scope struct{ account, region string }

// mapping is one mapping and its poller.
type mapping struct {
	record
	changing bool    // an update or delete is under way (LAM B10)
	poller   *poller // nil while disabled
}

// New makes the service, with the mappings that the store holds. They begin to
// poll at [Service.Start].
func New(o Options) (*Service, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}

	if o.MaxBatches <= 0 {
		o.MaxBatches = DefaultMaxBatches
	}

	s := &Service{opts: o, mappings: map[scope]map[string]*mapping{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if err := s.load(); err != nil {
		s.stop()
		return nil, fmt.Errorf("read event source mappings: %w", err)
	}

	return s, nil
}

// Start lets enabled mappings poll: those that the store held at once, others
// from their creation on. Call it when functions and queues answer.
func (s *Service) Start() {
	s.mu.Lock()
	s.started = true
	var pollers []*poller
	for _, in := range s.mappings {
		for _, uuid := range sortedKeys(in) {
			if m := in[uuid]; m.Enabled && m.poller == nil {
				m.poller = newPoller(s, &m.record)
				pollers = append(pollers, m.poller)
			}
		}
	}

	s.mu.Unlock()
	for _, p := range pollers {
		p.start()
	}
}

// Close stops all polling. What is with a function still ends as its outcome
// says.
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

// Reset forgets the mappings of an account and region, for a fresh start between
// tests; an empty string stands for all of them. What is with a function still
// ends as its outcome says.
func (s *Service) Reset(account, region string) error {
	batch := s.opts.Store.Batch()
	s.mu.Lock()
	var pollers []*poller
	for in, mappings := range s.mappings {
		if account != "" && in.account != account || region != "" && in.region != region {
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
		return fmt.Errorf("forget event source mappings: %w", err)
	}

	return nil
}

// detachPollers takes the pollers off mappings, with mu held.
func detachPollers(mappings map[string]*mapping) []*poller {
	var pollers []*poller
	for _, uuid := range sortedKeys(mappings) {
		if p := mappings[uuid].poller; p != nil {
			pollers = append(pollers, p)
		}
		mappings[uuid].poller = nil
	}
	return pollers
}

// Operations is the API's table rows, for Lambda's table (LAM B1).
func (s *Service) Operations() []awsapi.Operation {
	return []awsapi.Operation{
		rest("POST", "/2015-03-31/event-source-mappings", 202,
			awsapi.Op("CreateEventSourceMapping", s.CreateEventSourceMapping, accessCreate)),
		rest("GET", "/2015-03-31/event-source-mappings/{UUID}", 200,
			awsapi.Op("GetEventSourceMapping", s.GetEventSourceMapping, s.accessGet)),
		rest("GET", "/2015-03-31/event-source-mappings", 200,
			awsapi.Op("ListEventSourceMappings", s.ListEventSourceMappings, accessList)),
		rest("PUT", "/2015-03-31/event-source-mappings/{UUID}", 202,
			awsapi.Op("UpdateEventSourceMapping", s.UpdateEventSourceMapping, s.accessUpdate)),
		rest("DELETE", "/2015-03-31/event-source-mappings/{UUID}", 202,
			awsapi.Op("DeleteEventSourceMapping", s.DeleteEventSourceMapping, s.accessDelete)),
	}
}

func rest(method, path string, status int, op awsapi.Operation) awsapi.Operation {
	op.Method = method
	op.Path = path
	op.Status = status
	return op
}

// findMapping answers the mapping with mu held, or why there is none (LAM B11).
func (s *Service) findMapping(c *awsapi.Call, uuid string) (*mapping, error) {
	m, ok := s.mappings[scope{c.Account, c.Region}][uuid]
	if !ok {
		return nil, errNotFound.With("The resource you requested does not exist.")
	}
	return m, nil
}

// waitDurable waits until a change is durable, and tells when it will never be.
func waitDurable(commit store.Commit) error {
	if err := commit.Wait(); err != nil {
		return errService.With("The event source mapping could not be stored: %s.", err)
	}
	return nil
}
