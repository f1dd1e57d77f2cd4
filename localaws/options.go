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

// DefaultAccount is the account used where neither options nor request name one.
const DefaultAccount = "000000000000"

// DefaultRegion is the region used where neither options nor request name one.
const DefaultRegion = "us-east-1"

// Options configure an embedded AWS. The zero value is one in memory, with real time,
// authentication on, and no listener.
type Options struct {
	// Addr is the loopback address that Start listens on, such as
	// 127.0.0.1:4566; port 0 takes a free one. Empty means no listener: only
	// Transport and Handler reach the server.
	Addr string
	// Account is the 12-digit account id; empty means DefaultAccount.
	Account string
	// Region is the region; empty means DefaultRegion.
	Region string
	// ClockMode is how service time passes; the zero value is clock.Real.
	ClockMode clock.Mode
	// ClockStart is where service time begins; zero means now. If the data directory
	// has a later service time, it continues from that.
	ClockStart time.Time
	// DataDir stores all state across restarts; empty means in memory.
	DataDir string
	// WorkDir is where functions are unpacked; empty means a directory below DataDir, or
	// without that a temporary directory, which Shutdown removes.
	WorkDir string
	// NoIsolation runs the programs of functions as this process's user, with access
	// to its files and /tmp, even where the system could isolate them.
	NoIsolation bool
	// Hidden lists directories that isolated functions must not see, in addition to
	// DataDir, WorkDir, home directories and the like.
	Hidden []string
	// NoAuth accepts every request as one of an administrator, signed or not, and
	// evaluates no policy.
	NoAuth bool
	// Seed makes ids, receipt handles, jitter and other random values repeatable, and
	// keys guessable: for tests. Zero means unpredictable.
	Seed uint64
	// Version is the version of the product, for the health of the control API; may
	// be empty.
	Version string
	// Record gets every request and its response, one JSON object on a line for each,
	// without secrets; nil records nothing. Writes do not overlap.
	Record io.Writer
	// MaxLogBytes is the most memory that log events may take, as MaxBytes in
	// logs.Options; 0 means its default.
	MaxLogBytes int64
	// Limits bound the resources that connected clients can take; the zero value
	// means the defaults.
	Limits Limits
	// Logger gets the server's log; nil discards it.
	Logger *slog.Logger

	// NoTelemetry drops the logs and the metrics of functions, for fast simulations.
	NoTelemetry bool
	// FunctionTime returns, under clock.Simulated, how long in service time an
	// invocation of a registered handler takes; nil means no time.
	FunctionTime func(function string, event []byte) time.Duration
	// Observe is called with each event of a message in SQS, as in sqs.Options.
	Observe func(sqs.Event)
	// Stray is how many positions behind its send order a message of a standard queue
	// may be received, as in sqs.Options; 0 means in send order.
	Stray int
	// ObserveCall is called before each permitted call of an operation takes effect,
	// including the receives and deletes of mappings. Calls may overlap unless the
	// clock is clock.Simulated.
	ObserveCall func(service, operation string)

	// Kill is called after a fault of kind kill was injected, or [Server.Kill] was
	// called. The server no longer responds; Kill ends the process, or drops the
	// server, and starts another one on the same data directory with rules as its
	// Faults: the rules with their numbers of injections. If it is nil, or without
	// DataDir, such faults are refused.
	Kill func(rules []fault.Rule)
	// Faults are the rules of a server that was killed; usually nil.
	Faults []fault.Rule
	// Hold starts the clock held, as its Hold does: nothing moves until Release.
	// Without it, a server with a data directory receives from queues immediately.
	Hold bool
	// Disk is a disk in memory for DataDir, for simulations of crashes; nil means the
	// machine's disk. It needs a WorkDir.
	Disk *store.Crashable

	disk store.Options // for tests of disks that fail
}

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
)

// withDefaults returns the options with defaults for empty fields, or an error for
// malformed ones.
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
		errs = append(errs, fmt.Errorf("region %q: want a form such as us-east-1", o.Region))
	}
	return o, errors.Join(errs...)
}
