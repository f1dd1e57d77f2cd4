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

// Options configures a Lambda service. Clock, Chance, Store, WorkDir, Roles and
// Endpoint are required.
type Options struct {
	// Clock is service time.
	Clock *clock.Clock
	// Chance is the random source of ids and weighted choices.
	Chance *chance.Source
	// Store holds functions, aliases, permissions and asynchronous events.
	Store *store.Store
	// WorkDir is where the service makes its directory localaws-lambda, for zip files,
	// unpacked code and temporary files of functions. New deletes what an earlier
	// service left of the latter two. With a durable store, WorkDir must be durable too.
	WorkDir string
	// Roles returns sessions of execution roles.
	Roles Roles
	// Principals is IAM's directory, with which the resource policies of functions store
	// principals by their unique ids. The zero value stores principals as they are sent.
	Principals iampolicy.Directory
	// Logs takes the functions' logs; nil discards them.
	Logs Logs
	// Metrics takes metrics; nil discards them.
	Metrics Metrics
	// Queues sends to dead-letter queues and destinations; nil makes each such send
	// fail, which shows in the metrics only.
	Queues Queues
	// Permit checks one permission of a role's session where Lambda asks IAM itself:
	// sqs:SendMessage when a dead-letter queue or destination is set,
	// lambda:InvokeFunction when a function is a destination. Nil permits all.
	Permit func(ctx context.Context, as awsapi.Caller, region string, need awsapi.Access) error
	// Endpoint returns the URL of the embedded AWS, for AWS_ENDPOINT_URL. It is called
	// when an environment starts.
	Endpoint func() string
	// SimulatedDuration returns how long an invocation takes in service time. If it is
	// set, invocations of registered handlers for event source mappings, and
	// asynchronous ones, are events of the clock: they run one at a time on the clock's
	// goroutine, in an order that follows from the clock alone, and the function's
	// timeout counts service time. A handler must then not wait for service time to
	// pass. If it is nil, handlers run concurrently.
	SimulatedDuration func(function string, event []byte) time.Duration
	// InjectFault returns the fault to inject into an invocation of a function that
	// begins; nil injects none.
	InjectFault func(function string) InjectedFault
	// Path is the machine's PATH, appended to that of functions; empty means that of
	// this process.
	Path string
	// MaxEnvironments is the most child processes at a time; zero means 64, and more
	// than 1,024 means 1,024.
	MaxEnvironments int
	// IdleTimeout is how long an idle environment is kept warm, in machine time; zero
	// means 5 minutes.
	IdleTimeout time.Duration
	// InitTimeout is the limit of the init phase, in machine time; zero means the 10 s
	// of LAM C66.
	InitTimeout time.Duration
	// NoIsolation runs programs as this process's user, able to see its files and /tmp,
	// even where the system could isolate them.
	NoIsolation bool
	// Hidden lists directories that isolated programs must not see, in addition to
	// WorkDir.
	Hidden []string
	// Logger gets internal errors and warnings; nil discards them.
	Logger *slog.Logger
}

// ownDir is the directory below WorkDir that this service alone uses.
const ownDir = "localaws-lambda"

// Service is an embedded Lambda. Make one with [New] and end it with
// [Service.Close]. Its methods are safe for concurrent use.
type Service struct {
	opts      Options
	codeCache *codeCache
	ctx       context.Context // canceled by Close
	cancel    context.CancelFunc
	work      sync.WaitGroup // invocations in progress

	children  process.Children // the programs of functions
	isolation func() process.Isolation

	codeSecret [32]byte // signs the URLs of zip files

	mappingOperations []awsapi.Operation // of event source mappings
	mappingTags       MappingTags        // nil without event source mappings

	mu            sync.Mutex // guards all below, and the contents of functions
	functions     map[functionKey]*function
	running       map[awsapi.Scope]int // concurrent invocations of functions without reserved concurrency
	handlers      map[string]sandbox.Handler
	environments  environmentSet
	pendingEvents map[*asyncEvent]*clock.Event // asynchronous events that wait for their next attempt
}

// New makes a Lambda service with the functions that its store holds.
func New(o Options) (*Service, error) {
	// Apply the defaults.
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
		codeCache:     newCodeCache(filepath.Join(o.WorkDir, ownDir)),
		functions:     map[functionKey]*function{},
		running:       map[awsapi.Scope]int{},
		handlers:      map[string]sandbox.Handler{},
		pendingEvents: map[*asyncEvent]*clock.Event{},
	}
	s.environments.changed = sync.NewCond(&s.mu)
	s.isolation = sync.OnceValue(s.detectIsolation)
	s.ctx, s.cancel = context.WithCancel(context.Background())

	// These are secrets or must differ between servers, so that they do not come from
	// the seeded random source.
	var block [4]byte
	if _, err := rand.Read(block[:]); err != nil {
		return nil, fmt.Errorf("choose user ids for execution environments: %w", err)
	}
	s.environments.numbers.block = int(binary.NativeEndian.Uint32(block[:])) % (process.MaxNumber / maxEnvironments)
	if _, err := rand.Read(s.codeSecret[:]); err != nil {
		return nil, fmt.Errorf("make a secret for the URLs of code: %w", err)
	}

	if err := s.load(); err != nil {
		return nil, fmt.Errorf("read functions: %w", err)
	}
	return s, nil
}

// Isolation returns how programs of functions are isolated from this machine. The first
// call tries what the system provides, which takes some milliseconds, and logs a warning
// when that is nothing.
func (s *Service) Isolation() process.Isolation { return s.isolation() }

func (s *Service) detectIsolation() process.Isolation {
	if s.opts.NoIsolation {
		return process.Shared
	}

	// Detect tries isolation with a real process.
	isolation, err := process.Detect()
	switch isolation {
	case process.OwnUserSharedFiles:
		s.opts.Logger.Warn("functions are isolated in part: they run as users of their own, see the machine's files and processes, and share /tmp; see docs/security.md", "reason", err)
	case process.Shared:
		s.opts.Logger.Warn("functions are not isolated: they run as this user, can read its files, and share /tmp; see docs/security.md", "reason", err)
	}
	return isolation
}

// AttachMappings adds the operations and the tags of event source mappings, whose
// service is made after this one. It must be called before API.
func (s *Service) AttachMappings(operations []awsapi.Operation, tags MappingTags) {
	s.mappingOperations = operations
	s.mappingTags = tags
}

// RegisterHandler makes every function of the given name, in any account and region, run
// handler in this process in place of its program. Such a function may be created
// without a zip file. Invocations in progress are not affected.
func (s *Service) RegisterHandler(name string, handler sandbox.Handler) {
	s.mu.Lock()

	// Idle programs are closed: the next invocation must run the handler.
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

// Kill kills the programs of all functions at once and prevents new ones, as when the
// server's process is killed.
func (s *Service) Kill() { s.children.Kill() }

// Close ends the service: it accepts no more invocations, waits for those in progress
// until ctx is done, aborts the rest, and leaves no child process and no goroutine. A
// durable store keeps asynchronous events that wait for a retry.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.environments.closed = true
	s.mu.Unlock()

	// Wait for invocations in progress.
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.work.Wait()
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = fmt.Errorf("wait for invocations: %w", context.Cause(ctx))
	}

	// Abort the others, and wake those that wait for an environment.
	s.cancel()
	s.mu.Lock()
	s.environments.changed.Broadcast()
	s.mu.Unlock()
	<-ended

	// Now all environments are idle.
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

// Reset deletes the functions of an account and region, and asynchronous events that
// wait for a retry; an empty string stands for all accounts or regions. Invocations in
// progress end as usual. Registered handlers stay.
func (s *Service) Reset(account, region string) error {
	selected := func(in awsapi.Scope) bool {
		return (account == "" || in.Account == account) && (region == "" || in.Region == region)
	}

	s.mu.Lock()
	var removed []*version
	var idle []*environment
	var commits []store.Commit
	for k, f := range s.functions {
		if !selected(k.Scope) {
			continue
		}
		delete(s.functions, k)
		commits = append(commits, s.storeFunction(f))
		for _, v := range f.versions() {
			removed = append(removed, v)
			idle = append(idle, s.environments.retire(v)...)
		}
	}

	// An event whose attempt has just begun finds no function and ends by itself.
	for e, next := range s.pendingEvents {
		if selected(awsapi.Scope{Account: e.Account, Region: e.Region}) && next.Stop() {
			delete(s.pendingEvents, e)
			commits = append(commits, s.deleteStoredEvent(e))
		}
	}
	s.mu.Unlock()

	// Processes and files are removed without the lock.
	s.closeEnvironments(idle)
	for _, v := range removed {
		s.codeCache.release(v.code)
	}

	for _, c := range commits {
		if err := waitDurable(c); err != nil {
			return err
		}
	}
	return nil
}
