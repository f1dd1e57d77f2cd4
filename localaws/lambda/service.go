package lambda

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/lambda/process"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
	iampolicy "github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// Options is what a Lambda service stands on. Clock, Chance, Store, WorkDir,
// Roles and Endpoint are required.
type Options struct {
	// Clock is service time.
	Clock *clock.Clock
	// Chance yields ids and draws.
	Chance *chance.Source
	// Store keeps functions, aliases, permissions and queued events.
	Store *store.Store
	// WorkDir holds the folder localaws-lambda, which is the service's own: zip
	// files, unpacked code and temporary files of functions lie in it, and what
	// an earlier service left of the latter two is deleted. With a durable store
	// it must be as durable.
	WorkDir string
	// Roles gives sessions of execution roles.
	Roles Roles
	// Principals is IAM's directory, by which the policies of functions are kept.
	// The zero value keeps principals as they are sent, whomever they name.
	Principals iampolicy.Directory
	// Logs takes the functions' logs; nil drops them.
	Logs Logs
	// Metrics takes metrics; nil drops them.
	Metrics Metrics
	// Queues sends to dead-letter queues and destinations; nil makes each such
	// send fail, which shows in the metrics only.
	Queues Queues
	// Permit checks one permission of a role's session where Lambda asks IAM
	// itself: sqs:SendMessage when a dead-letter queue or destination is set,
	// lambda:InvokeFunction when a function is a destination. Nil lets all pass.
	Permit func(ctx context.Context, as awsapi.Caller, region string, need awsapi.Access) error
	// Endpoint answers the URL of the embedded AWS, for AWS_ENDPOINT_URL. It is
	// asked when an environment starts.
	Endpoint func() string
	// SimulatedDuration, where it is set, makes invocations of registered handlers for event
	// source mappings and asynchronous ones events of the clock: they run one at
	// a time, on the clock's goroutine, so that their order follows from the
	// clock alone. It answers how long, in service time, an invocation takes; the
	// function's timeout then counts service time as well. A handler must not
	// wait for service time to pass. Nil runs handlers beside each other.
	SimulatedDuration func(function string, event []byte) time.Duration
	// InjectFault says what is to befall an invocation that begins; nil means nothing.
	InjectFault func(account, region, function string) InjectedFault
	// Path is the machine's PATH, appended to that of functions; empty means
	// that of this process.
	Path string
	// MaxEnvironments bounds the child processes that live at once; zero means
	// 64, and more than 1,024 means 1,024.
	MaxEnvironments int
	// IdleTimeout is how long, in machine time, an environment stays warm; zero
	// means 5 minutes.
	IdleTimeout time.Duration
	// InitTimeout is the limit of the init phase, in machine time; zero means the
	// 10 s of LAM C66.
	InitTimeout time.Duration
	// NoIsolation runs programs as this process's user, with its files and /tmp in
	// sight, even where the system could isolate them.
	NoIsolation bool
	// Hidden lists directories that isolated programs must not see. WorkDir is
	// among them in any case.
	Hidden []string
	// Logger gets what goes wrong inside; nil discards.
	Logger *slog.Logger
}

// ownFolder is the folder below WorkDir that nobody else uses.
const ownFolder = "localaws-lambda"

// Service is an embedded Lambda. Make one with [New] and end it with
// [Service.Close]. Its methods are safe for concurrent use.
type Service struct {
	opts      Options
	codeCache *codeCache
	ctx       context.Context // ends with the service
	cancel    context.CancelFunc
	work      sync.WaitGroup // goroutines that run invocations

	children  process.Children // the programs of functions
	isolation func() process.Isolation

	codeSecret [32]byte // signs the addresses of zip files

	mappingOperations []awsapi.Operation // of event source mappings
	mappingTags       MappingTags

	mu            sync.Mutex // guards all below, and everything within functions
	functions     map[functionKey]*function
	running       map[scope]int // invocations of functions without reserved concurrency
	handlers      map[string]sandbox.Handler
	environments  environmentSet
	pendingEvents map[*asyncEvent]*clock.Event // asynchronous invocations between two attempts
}

// New makes a Lambda service with the functions of its store.
func New(o Options) (*Service, error) {
	if o.MaxEnvironments == 0 {
		o.MaxEnvironments = 64
	}

	o.MaxEnvironments = min(o.MaxEnvironments, maxEnvironments)
	if o.IdleTimeout == 0 {
		o.IdleTimeout = 5 * time.Minute
	}

	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}

	if o.Path == "" {
		o.Path = os.Getenv("PATH")
	}

	s := &Service{
		opts:          o,
		codeCache:     &codeCache{dir: filepath.Join(o.WorkDir, ownFolder), references: map[string]int{}},
		functions:     map[functionKey]*function{},
		running:       map[scope]int{},
		handlers:      map[string]sandbox.Handler{},
		pendingEvents: map[*asyncEvent]*clock.Event{},
	}

	var block [4]byte
	if _, err := rand.Read(block[:]); err != nil {
		return nil, fmt.Errorf("choose user ids: %w", err)
	}

	s.environments.numbers.block = int(binary.NativeEndian.Uint32(block[:])) % (process.MaxNumber / maxEnvironments)
	s.isolation = sync.OnceValue(s.detectIsolation)
	if _, err := rand.Read(s.codeSecret[:]); err != nil {
		return nil, fmt.Errorf("make a secret for addresses of code: %w", err)
	}

	s.environments.changed = sync.NewCond(&s.mu)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("read functions: %w", err)
	}

	return s, nil
}

// Isolation returns how far the programs of functions are kept apart from the
// machine. The first call tries what the system provides, which takes some
// milliseconds, and logs a warning when that is nothing.
func (s *Service) Isolation() process.Isolation { return s.isolation() }

func (s *Service) detectIsolation() process.Isolation {
	if s.opts.NoIsolation {
		return process.Shared
	}
	isolation, err := process.Detect()
	switch isolation {
	case process.OwnUserSharedFiles:
		s.opts.Logger.Warn("functions are isolated in part: they run as users of their own, see the machine's files and processes, and share /tmp; see docs/security.md", "reason", err)
	case process.Shared:
		s.opts.Logger.Warn("functions are not isolated: they run as this user, can read its files, and share /tmp; see docs/security.md", "reason", err)
	}
	return isolation
}

// AttachMappings adds the operations of event source mappings, whose service needs this
// one to be there first, and the keeper of their tags. It must come before API.
func (s *Service) AttachMappings(operations []awsapi.Operation, tags MappingTags) {
	s.mappingOperations = operations
	s.mappingTags = tags
}

// RegisterHandler makes every function of the given name, in any account and
// region, run handler in this process in place of its program. Such a function may
// be created without a zip file. It holds for invocations that begin from now on.
func (s *Service) RegisterHandler(name string, handler sandbox.Handler) {
	s.mu.Lock()
	s.handlers[name] = handler
	var idle []*environment
	for k, f := range s.functions {
		if k.name == name {
			for _, v := range f.versions() {
				idle = append(idle, s.environments.drain(&v.pool)...)
			}
		}
	}

	s.mu.Unlock()
	s.closeEnvironments(idle)
}

// Kill kills the programs of all functions at once, and lets none start any more,
// as when the server's own process is killed.
func (s *Service) Kill() { s.children.Kill() }

// Close ends the service: it takes no invocations any more, waits for those under
// way until ctx ends, cuts off the rest, and leaves no child process and no
// goroutine of its own. Events that wait for a retry stay in a durable store.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.environments.closed = true
	s.mu.Unlock()
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.work.Wait()
	}()

	var err error
	select {
	case <-over:
	case <-ctx.Done():
		err = fmt.Errorf("let invocations end: %w", context.Cause(ctx))
	}

	s.cancel()
	s.mu.Lock()
	s.environments.changed.Broadcast()
	s.mu.Unlock()
	<-over
	s.mu.Lock()
	var idle []*environment
	for _, f := range s.functions {
		for _, v := range f.versions() {
			idle = append(idle, s.environments.drain(&v.pool)...)
		}
	}

	s.mu.Unlock()
	s.closeEnvironments(idle)
	return errors.Join(err, s.codeCache.unshare())
}
