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

// startPatience is how long the embedded AWS may take to come up.
const startPatience = 60 * time.Second

type localStartVerb struct {
	stateFlags
	reportFlags
	Listen      string `placeholder:"ADDR" help:"Loopback address; else the one used last, or 127.0.0.1:4566."`
	Clock       string `enum:"real,skip," default:"" placeholder:"real" help:"Let service time pass as the machine's does (real), or skip what would only be waited for (skip)."`
	NoAuth      bool   `help:"Let every request in as an administrator, signed or not."`
	NoIsolation bool   `help:"Run functions as this user, with all files in sight, even where the system can isolate them."`
	DataDir     string `placeholder:"DIR" help:"Keep state here across restarts; else in the state folder."`
	InMemory    bool   `help:"Keep no state across restarts."`
	MaxLogs     uint32 `name:"max-logs-mb" default:"100" placeholder:"MB" help:"Most memory for log events; beyond it the oldest are dropped (${default})."`
	Record      string `placeholder:"FILE" help:"Add every request and its answer to this file, secrets left out, for a bug report."`
}

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
		return usageError{hint.New("--in-memory keeps nothing, and --data-dir names where to keep it", "give one of them")}
	}
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
	if !started {
		if err := v.agrees(info); err != nil {
			return hint.With(err, "stop it first with reliableq local stop, or serve another state folder with --state-dir")
		}
	}
	return a.report(v.JSON, struct {
		Started bool   `json:"started"`
		PID     int    `json:"pid"`
		URL     string `json:"url"`
		Clock   string `json:"clock"`
	}{started, info.PID, info.URL, info.Clock}, func() {
		verb := "is running already"
		if started {
			verb = "started"
		}
		fmt.Fprintf(a.out, "the embedded AWS %s: %s, pid %d, clock %s\n", verb, info.URL, info.PID, info.Clock)
		if warning := isolationWarning(info); warning != "" && !v.NoIsolation {
			fmt.Fprintln(a.out, warning)
		}
	})
}

// isolationWarning returns the line to print about a server that runs functions
// without isolation, or "" when it isolates them.
func isolationWarning(info daemon.Info) string {
	if info.Isolation != process.Shared.String() {
		return ""
	}
	return "functions are not isolated: they run as this user, can read its files, and share /tmp; see docs/security.md"
}

// agrees refuses a server that runs already and is not what was asked for: who waits
// for a clock that skips must not be given one that does not.
func (v *localStartVerb) agrees(info daemon.Info) error {
	u, err := url.Parse(info.URL)
	if err != nil {
		return fmt.Errorf("read the address of the embedded AWS that runs already: %w", err)
	}
	data := ""
	if v.DataDir != "" {
		if data, err = filepath.Abs(v.DataDir); err != nil {
			return fmt.Errorf("find the data folder: %w", err)
		}
	}
	_, port, _ := net.SplitHostPort(v.Listen)
	for _, option := range []struct {
		asked    bool
		is, want string
	}{
		{v.Clock != "", "clock " + info.Clock, "clock " + v.Clock},
		{v.Listen != "" && port != "0", "address " + u.Host, "address " + v.Listen},
		{v.NoAuth, fmt.Sprintf("no-auth %t", info.NoAuth), "no-auth true"},
		{v.NoIsolation, "isolation " + info.Isolation, "isolation " + process.Shared.String()},
		{data != "", "data folder " + info.DataDir, "data folder " + data},
		{v.InMemory, "data folder " + info.DataDir, "data folder "},
	} {
		if option.asked && option.is != option.want {
			return fmt.Errorf("an embedded AWS is running already, at %s, with %s and not %s", info.URL, option.is, cmp.Or(strings.TrimPrefix(option.want, "data folder "), "in memory"))
		}
	}
	return nil
}

// background is how to serve in the background.
type background struct {
	stateDir string
	listen   string // empty: where it served last
	clock    string
	dataDir  string // empty: in the state folder
	inMemory bool
	noAuth   bool
	shared   bool   // functions are not isolated
	record   string // empty: nothing is recorded
	maxLogs  uint32 // MB; 0: the default
}

// start serves in the background, unless an embedded AWS runs already.
func (b background) start(ctx context.Context) (daemon.Info, bool, error) {
	folder := daemon.In(b.stateDir)
	exe, err := os.Executable()
	if err != nil {
		return daemon.Info{}, false, fmt.Errorf("find this program: %w", err)
	}
	args, err := b.args(folder)
	if err != nil {
		return daemon.Info{}, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	return folder.Start(ctx, daemon.Command{Path: exe, Args: args, Dir: b.stateDir, Env: daemon.Environment(os.Environ())})
}

func (b background) args(folder daemon.Folder) ([]string, error) {
	listen := b.listen
	if listen == "" {
		last, err := lastAddress(folder)
		if err != nil {
			return nil, err
		}
		listen = last
	}
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
			return nil, fmt.Errorf("find the file to record in: %w", err)
		}
		args = append(args, "--record", path)
	}
	if b.inMemory {
		return args, nil
	}
	data := b.dataDir
	if data == "" {
		data = folder.DataDir()
	}
	data, err := filepath.Abs(data)
	if err != nil {
		return nil, fmt.Errorf("find the data folder: %w", err)
	}
	return append(args, "--data-dir", data), nil
}

// lastAddress is where the embedded AWS of this folder served last: queue URLs
// name the address, so it should stay what it was.
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
