package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// startTimeout is how long the embedded AWS may take to start.
const startTimeout = 60 * time.Second

type localStartVerb struct {
	stateFlags
	reportFlags
	Listen      string `placeholder:"ADDR" help:"Loopback address; default: its last one, or 127.0.0.1:4566."`
	Clock       string `enum:"real,skip," default:"" placeholder:"real" help:"Service time: follow the machine's clock (real), or skip waiting times (skip)."`
	NoAuth      bool   `help:"Accept every request as an administrator's, signed or not."`
	NoIsolation bool   `help:"Run functions as this user, with access to its files, even where the system can isolate them."`
	DataDir     string `placeholder:"DIR" help:"Store state here; default: in the state directory."`
	InMemory    bool   `help:"Store no state: it is lost when the server ends."`
	MaxLogs     uint32 `name:"max-logs-mb" default:"100" placeholder:"MB" help:"Memory for log events; beyond it the oldest are dropped (${default})."`
	Record      string `placeholder:"FILE" help:"Append every request and response to this file, without secrets, for a bug report."`
}

// Run starts the embedded AWS in the background.
func (v *localStartVerb) Run(ctx context.Context, a *app) error {
	dir, err := v.stateDir()
	if err != nil {
		return err
	}
	if v.Listen != "" {
		if err := checkListen(v.Listen); err != nil {
			return err
		}
	}

	if err := checkMaxLogs(v.MaxLogs); err != nil {
		return err
	}
	if v.InMemory && v.DataDir != "" {
		return usageError{hint.New("--in-memory stores no state, and --data-dir names where to store it", "use one of them")}
	}

	// Start it, or find the one that is already running.
	b := background{
		stateDir: dir,
		listen:   v.Listen,
		clock:    cmp.Or(v.Clock, "real"),
		dataDir:  v.DataDir,
		inMemory: v.InMemory,
		noAuth:   v.NoAuth,
		shared:   v.NoIsolation,
		record:   v.Record,
		maxLogs:  v.MaxLogs,
	}

	info, started, err := b.start(ctx)
	if err != nil {
		return err
	}

	// One that is already running must have the options that were asked for.
	if !started {
		if err := v.checkOptions(info); err != nil {
			return hint.With(err, "stop it first with reliableq local stop, or use another state directory with --state-dir")
		}
	}

	return a.report(v.JSON, struct {
		Started bool   `json:"started"`
		PID     int    `json:"pid"`
		URL     string `json:"url"`
		Clock   string `json:"clock"`
	}{started, info.PID, info.URL, info.Clock}, func() {
		verb := "is already running"
		if started {
			verb = "started"
		}
		fmt.Fprintf(a.out, "the embedded AWS %s: %s, pid %d, clock %s\n", verb, info.URL, info.PID, info.Clock)
		if warning := isolationWarning(info); warning != "" && !v.NoIsolation {
			fmt.Fprintln(a.out, warning)
		}
	})
}

// isolationWarning returns a warning about a server that does not isolate functions,
// or does so in part; "" when it isolates them.
func isolationWarning(info daemon.Info) string {
	switch info.Isolation {
	case process.OwnUserSharedFiles.String():
		return "functions are partly isolated: each runs as its own user, but sees the machine's files and processes, and shares /tmp; see docs/security.md"
	case process.Shared.String():
		return "functions are not isolated: they run as this user, can read its files, and share /tmp; see docs/security.md"
	}
	return ""
}

// checkOptions returns an error if the server that is already running has other options
// than the flags: a test that needs a clock that skips must not get a real one.
func (v *localStartVerb) checkOptions(info daemon.Info) error {
	u, err := url.Parse(info.URL)
	if err != nil {
		return fmt.Errorf("read the address of the running embedded AWS: %w", err)
	}

	data := ""
	if v.DataDir != "" {
		if data, err = filepath.Abs(v.DataDir); err != nil {
			return fmt.Errorf("find the data directory: %w", err)
		}
	}

	port := ""
	if v.Listen != "" {
		if _, port, err = net.SplitHostPort(v.Listen); err != nil {
			return fmt.Errorf("--listen %q: %w", v.Listen, err)
		}
	}

	// Compare only the options that the flags set.
	for _, option := range []struct {
		asked    bool
		is, want string
	}{
		{v.Clock != "", "clock " + info.Clock, "clock " + v.Clock},
		{v.Listen != "" && port != "0", "address " + u.Host, "address " + v.Listen},
		{v.NoAuth, fmt.Sprintf("no-auth %t", info.NoAuth), "no-auth true"},
		{v.NoIsolation, "isolation " + info.Isolation, "isolation " + process.Shared.String()},
		{data != "", "data directory " + info.DataDir, "data directory " + data},
		{v.InMemory, "data directory " + info.DataDir, "data directory "},
	} {
		if option.asked && option.is != option.want {
			return fmt.Errorf("an embedded AWS is already running at %s: it has %s, and the flags want %s", info.URL, option.is, cmp.Or(strings.TrimPrefix(option.want, "data directory "), "in memory"))
		}
	}

	return nil
}

// background has the options of an embedded AWS in the background.
type background struct {
	stateDir string
	listen   string // empty: its last address
	clock    string
	dataDir  string // empty: in the state directory
	inMemory bool
	noAuth   bool
	shared   bool   // functions are not isolated
	record   string // empty: nothing is recorded
	maxLogs  uint32 // in MB; 0: the default
}

// start starts an embedded AWS in the background, unless one is already running. The
// result reports whether it did.
func (b background) start(ctx context.Context) (daemon.Info, bool, error) {
	folder := daemon.In(b.stateDir)

	// The server is this program, in a process of its own.
	exe, err := os.Executable()
	if err != nil {
		return daemon.Info{}, false, fmt.Errorf("find this program: %w", err)
	}

	args, err := b.args(folder)
	if err != nil {
		return daemon.Info{}, false, err
	}

	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	return folder.Start(ctx, daemon.Command{
		Path: exe,
		Args: args,
		Dir:  b.stateDir,
		Env:  daemon.Environment(os.Environ()),
	})
}

// args returns the arguments of this program that serve with the options.
func (b background) args(folder daemon.Folder) ([]string, error) {
	// Keep the last address, unless another one was asked for.
	listen := b.listen
	if listen == "" {
		last, err := lastAddress(folder)
		if err != nil {
			return nil, err
		}
		listen = last
	}

	// Everything is passed as flags: the process has a reduced environment and another
	// directory.
	args := []string{"local", "run", "--state-dir", b.stateDir, "--listen", listen, "--clock", b.clock}
	if b.noAuth {
		args = append(args, "--no-auth")
	}
	if b.shared {
		args = append(args, "--no-isolation")
	}
	if b.maxLogs != 0 {
		args = append(args, "--max-logs-mb", strconv.FormatUint(uint64(b.maxLogs), 10))
	}

	if b.record != "" {
		path, err := filepath.Abs(b.record)
		if err != nil {
			return nil, fmt.Errorf("find the file for --record: %w", err)
		}
		args = append(args, "--record", path)
	}

	if b.inMemory {
		return args, nil
	}

	// State in the background is stored unless it was refused.
	data := b.dataDir
	if data == "" {
		data = folder.DataDir()
	}

	data, err := filepath.Abs(data)
	if err != nil {
		return nil, fmt.Errorf("find the data directory: %w", err)
	}

	return append(args, "--data-dir", data), nil
}

// lastAddress returns the last address of the embedded AWS of this state directory.
// Queue URLs contain the address: they stay valid if it does not change.
func lastAddress(folder daemon.Folder) (string, error) {
	last, err := folder.Last()
	if errors.Is(err, fs.ErrNotExist) {
		return "127.0.0.1:4566", nil
	}
	if err != nil {
		return "", err
	}
	u, err := url.Parse(last.URL)
	if err != nil || u.Host == "" {
		return "127.0.0.1:4566", nil
	}
	return u.Host, nil
}
