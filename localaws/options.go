package localaws

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/sqs"
	"github.com/reliableq/reliableq/localaws/store"
)

// DefaultAccount is the account that everything belongs to unless a caller
// names another.
const DefaultAccount = "000000000000"

// DefaultRegion is the region used where neither options nor request name one.
const DefaultRegion = "us-east-1"

// Options says what kind of embedded AWS to make. The zero value is one in
// memory, with real time, authentication on, and no listener.
type Options struct {
	// Addr is the loopback address that Start listens on, such as
	// 127.0.0.1:4566; port 0 takes a free one. Empty means no listener: the
	// server is reached through Transport alone.
	Addr string
	// Account is the 12-digit account id; empty means DefaultAccount.
	Account string
	// Region is the region; empty means DefaultRegion.
	Region string
	// ClockMode is how service time passes; the zero value is clock.Real.
	ClockMode clock.Mode
	// ClockStart is where service time begins; zero means now. Where a data
	// directory has seen a later time, it goes on from there.
	ClockStart time.Time
	// DataDir keeps all state across restarts; empty means in memory.
	DataDir string
	// WorkDir is where functions are unpacked; empty means a folder of its own
	// below DataDir or the system's temporary folder, removed on Shutdown when
	// temporary.
	WorkDir string
	// NoIsolation runs the programs of functions as this process's user, with its
	// files and /tmp in sight, even where the system could isolate them.
	NoIsolation bool
	// Hidden lists directories that isolated functions must not see, beside
	// DataDir and WorkDir. Home directories and the like they do not see anyway.
	Hidden []string
	// NoAuth lets every request in as an administrator, signed or not, and
	// evaluates no policy.
	NoAuth bool
	// Seed makes ids, receipt handles, jitter and draws repeatable, and keys
	// guessable: for tests. Zero means unforeseeable.
	Seed uint64
	// Version is the version of the product, which health answers; may be empty.
	Version string
	// Record gets every request to an AWS API and its answer, a JSON object on a
	// line of its own for each, secrets left out; nil records nothing. Writes do
	// not overlap.
	Record io.Writer
	// MaxLogBytes is the most memory that log events may take, as MaxBytes in
	// logs.Options; 0 means its default.
	MaxLogBytes int64
	// Limits bound what clients that connect may take; the zero value has the
	// defaults.
	Limits Limits
	// Logger gets what the server has to say; nil discards it.
	Logger *slog.Logger
	// NoTelemetry drops the logs and the metrics of functions, for
	// simulations that run for speed.
	NoTelemetry bool
	// FunctionTime says, under clock.Simulated, how long in service time an
	// invocation of a registered handler takes; nil means no time at all.
	FunctionTime func(function string, event []byte) time.Duration
	// Observe is told what happens to each message in SQS, as sqs.Options says.
	Observe func(sqs.Event)
	// Stray is how many places behind send order a message of a standard queue may
	// be received, as sqs.Options says; 0 keeps to send order.
	Stray int
	// ObserveCall is told of each call of an operation that is permitted, the
	// receives and deletes of mappings among them, before it takes effect. Calls
	// may come at the same time unless the clock is clock.Simulated.
	ObserveCall func(service, operation string)

	// Kill is called when a fault of kind kill has struck, or [Server.Kill] was
	// called: the server is dead by then, and Kill ends its process, or at least
	// forgets the server, and brings another one up on the same data directory.
	// left are the rules of faults with what they have struck, for the Faults of
	// that one. Nil, or no DataDir, has such faults refused.
	Kill func(left []fault.Rule)
	// Faults are the rules that a server killed before has left; usually nil.
	Faults []fault.Rule
	// Hold starts the clock held, as its Hold does: nothing moves until Release.
	// A server with a data directory polls queues from its start on.
	Hold bool
	// Disk is where DataDir lies, in memory, for simulations of crashes; nil means
	// the machine's disk. Give a WorkDir beside it.
	Disk *store.Crashable

	disk store.Options // for tests of disks that fail
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// withDefaults fills what is empty and refuses what cannot be meant.
func (o Options) withDefaults() (Options, error) {
	if o.Account == "" {
		o.Account = DefaultAccount
	}
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Limits = o.Limits.withDefaults()
	var errs []error
	if !accountID.MatchString(o.Account) {
		errs = append(errs, fmt.Errorf("account %q: want 12 digits", o.Account))
	}
	if !regionName.MatchString(o.Region) {
		errs = append(errs, fmt.Errorf("region %q: want the form of us-east-1", o.Region))
	}
	return o, errors.Join(errs...)
}
