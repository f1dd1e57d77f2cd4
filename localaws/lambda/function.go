package lambda

import (
	"slices"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/archive"
)

// function is all that bears one name.
type function struct {
	functionKey
	latest         *version
	published      []*version // by rising number
	lastVersion    int        // the highest number ever given (LAM C25)
	aliases        map[string]*alias
	policies       map[string]*policy       // by qualifier, "" for the function itself
	invokeConfigs  map[string]*invokeConfig // by qualifier, $LATEST for the function itself
	runtimeUpdates map[string]string        // UpdateRuntimeOn by qualifier
	tags           map[string]string
	reserved       *int
	recursion      string // Allow, or empty for Terminate

	running int // invocations let in and not ended
}

// version is a function's code and settings at one time. It is never changed,
// only replaced; what runs it holds on to it.
type version struct {
	versionConfig
	number   string // $LATEST or digits
	revision string
	modified time.Time // service time
	code     *code
	pool     pool
}

// versionConfig is what a caller decides about a version.
type versionConfig struct {
	// Description is free text.
	Description string
	// Runtime is provided.al2023 or provided.al2.
	Runtime string
	// Role is the execution role's ARN.
	Role string
	// Handler is only passed on.
	Handler string
	// Timeout is in seconds, 1 to 900.
	Timeout int
	// MemorySize is in MB, 128 to 10240.
	MemorySize int
	// EphemeralStorage is in MB, 512 to 10240.
	EphemeralStorage int
	// Environment holds the variables, nil when none were ever sent (LAM C5).
	Environment map[string]string
	// DeadLetter is the ARN of the dead-letter queue, or empty.
	DeadLetter string
	// Architecture is x86_64 or arm64.
	Architecture string
	// Logging is the logging configuration.
	Logging LoggingConfig
}

// code is a function's zip file.
type code struct {
	// SHA256 is the standard base64 of the hash of the zip file (LAM C9).
	SHA256 string
	// Key names its files on the shelf; empty without a zip file.
	Key string
	// Size is the zip file's, in bytes.
	Size int64
	// Bootstrap is what its program was built for.
	Bootstrap archive.Platform

	bytes []byte // until it is kept
}

// alias is a name for one version or two.
type alias struct {
	// Name is the alias's.
	Name string
	// Description is free text.
	Description string
	// Version is the version it points to.
	Version string
	// Weights sends a share of the calls to another version (LAM C27).
	Weights map[string]float64
	// Revision changes with the alias.
	Revision string
}

// versionByNumber is the version with the given number, or nil.
func (f *function) versionByNumber(number string) *version {
	if number == latest || number == "" {
		return f.latest
	}

	n, err := strconv.Atoi(number)
	if err != nil {
		return nil
	}

	i, ok := slices.BinarySearchFunc(f.published, n, func(v *version, n int) int { return v.numberAsInt() - n })
	if !ok {
		return nil
	}

	return f.published[i]
}

// numberAsInt is the version's number as one; $LATEST is 0.
func (v *version) numberAsInt() int {
	n, _ := strconv.Atoi(v.number)
	return n
}

// versions lists $LATEST and then the published ones.
func (f *function) versions() []*version {
	return append([]*version{f.latest}, f.published...)
}

// has reports whether a qualifier names something of the function's.
func (f *function) has(qualifier string) bool {
	_, isAlias := f.aliases[qualifier]
	return isAlias || f.versionByNumber(qualifier) != nil
}
