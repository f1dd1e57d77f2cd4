package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/lambda/process"
	"github.com/reliableq/reliableq/localaws/logs"
	"github.com/reliableq/reliableq/localaws/store"
)

// grace is how long requests and invocations in progress may take to end.
const grace = 10 * time.Second

// heapBallast is memory in bytes that is never touched, and so never resident, but
// counts when the garbage collector chooses its next start. Without it a server with
// a few messages collects every 4 MB, many times a second under load, which takes a
// fifth of its time; docs/performance.md has the figures.
const heapBallast = 16 << 20

// serveFlags are the options of the embedded AWS.
type serveFlags struct {
	Listen      string `default:"127.0.0.1:4566" placeholder:"ADDR" help:"Loopback address; port 0 takes a free port (${default})."`
	Clock       string `enum:"real,skip" default:"real" help:"Service time: follow the machine's clock (real), or skip waiting times (skip)."`
	NoAuth      bool   `help:"Accept every request as an administrator's, signed or not."`
	NoIsolation bool   `help:"Run functions as this user, with access to its files, even where the system can isolate them."`
	MaxLogs     uint32 `name:"max-logs-mb" default:"100" placeholder:"MB" help:"Memory for log events; beyond it the oldest are dropped (${default})."`
	Region      string `env:"AWS_REGION" default:"us-east-1" hidden:""`
}

type localRunVerb struct {
	stateFlags
	serveFlags
	DataDir string     `placeholder:"DIR" help:"Store state here; default: in memory."`
	Record  string     `placeholder:"FILE" help:"Append every request and response to this file, without secrets, for a bug report."`
	Log     slog.Level `name:"log-level" default:"info" help:"Lowest level to log: debug, info, warn or error (${default})."`
}

// Help is the long help of the verb.
func (*localRunVerb) Help() string {
	return `Prints "listening on http://ADDR" when it accepts requests. In another terminal:
  eval "$(reliableq env)"
  aws sqs list-queues`
}

// Run serves until ctx ends or the server fails.
func (v *localRunVerb) Run(ctx context.Context, a *app) error {
	if err := reduceEnvironment(); err != nil {
		return err
	}

	if err := checkListen(v.Listen); err != nil {
		return err
	}

	if err := checkMaxLogs(v.MaxLogs); err != nil {
		return err
	}

	dir, err := v.stateDir()
	if err != nil {
		return err
	}

	folder := daemon.In(dir)

	// Hold the directory before anything is opened in it.
	claim, left, err := claimOrResume(folder)
	if err != nil {
		return hint.With(err, "stop it with reliableq local stop, or use another state directory with --state-dir")
	}

	ballast := make([]byte, heapBallast)
	defer runtime.KeepAlive(ballast)

	// The record is closed last: requests are written until the server has ended.
	options, closeRecord, err := v.options(a)
	if err != nil {
		return errors.Join(v.diskHint(err), claim.Release())
	}

	restart := &restarter{
		app:     a,
		logger:  options.Logger,
		claim:   claim,
		serving: make(chan string, 1),
	}

	// Functions must not read the state directory: credentials are in it.
	options.Hidden = []string{dir}
	options.Faults = left
	options.Kill = func(left []fault.Rule) { restart.kill(ctx, left) }
	srv, err := localaws.New(options)
	if err != nil {
		return errors.Join(v.diskHint(fmt.Errorf("create the embedded AWS: %w", err)), closeRecord(), claim.Release())
	}

	// Serve, and then give requests and invocations time to end.
	err = v.serve(ctx, a, srv, restart)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()

	return errors.Join(err, srv.Shutdown(ending), closeRecord(), claim.Release())
}

// checkListen refuses an address that other machines can reach: a client of the
// embedded AWS can run code on this machine.
func checkListen(listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return usageError{hint.With(fmt.Errorf("--listen %q: %w", listen, err), "write it as 127.0.0.1:4566")}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usageError{hint.New(fmt.Sprintf("--listen %s is not a loopback address: other machines could run code on this one", listen), "use 127.0.0.1 or [::1]")}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return usageError{hint.New(fmt.Sprintf("--listen %s: %q is not a port", listen, port), "use a port from 1024 to 65535, or 0 for a free one")}
	}
	return nil
}

// checkMaxLogs refuses a limit that a few long events would reach.
func checkMaxLogs(mb uint32) error {
	if least := uint32(logs.MinMaxBytes >> 20); mb < least {
		return usageError{hint.New(fmt.Sprintf("--max-logs-mb %d is too small", mb), fmt.Sprintf("use %d or more", least))}
	}
	return nil
}

// options returns the server's options, and a function that closes its recording.
func (v *localRunVerb) options(a *app) (o localaws.Options, closeRecord func() error, err error) {
	mode := clock.Real
	if v.Clock == "skip" {
		mode = clock.Skip
	}

	o = localaws.Options{
		Addr:        v.Listen,
		Region:      v.Region,
		ClockMode:   mode,
		DataDir:     v.DataDir,
		NoAuth:      v.NoAuth,
		NoIsolation: v.NoIsolation,
		Version:     versionName(),
		Logger:      v.logger(a),
		MaxLogBytes: int64(v.MaxLogs) << 20,
	}

	if v.Record == "" {
		return o, func() error { return nil }, nil
	}

	file, err := os.OpenFile(v.Record, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return o, nil, fmt.Errorf("open the file for --record: %w", err)
	}

	o.Record = file
	return o, file.Close, nil
}

// logger returns the logger of the server, on standard error.
func (v *localRunVerb) logger(a *app) *slog.Logger {
	return slog.New(slog.NewTextHandler(a.errs, &slog.HandlerOptions{Level: v.Log}))
}

// serve announces the server and waits until it or ctx ends. A store that failed does
// not end the server: it refuses writes with the reason, and serves reads.
func (v *localRunVerb) serve(ctx context.Context, a *app, srv *localaws.Server, restart *restarter) error {
	if err := srv.Start(ctx); err != nil {
		return v.listenHint(ctx, err)
	}

	// The record lets other commands find and call this server.
	id, secret := srv.Credentials()
	info := daemon.Info{
		PID:             os.Getpid(),
		URL:             srv.URL(),
		AccessKeyID:     id,
		SecretAccessKey: secret,
		ControlToken:    srv.ControlToken(),
		Account:         srv.Account(),
		Region:          srv.Region(),
		Clock:           v.Clock,
		NoAuth:          v.NoAuth,
		Version:         versionName(),
		Started:         time.Now(),
	}

	if v.DataDir != "" {
		path, err := filepath.Abs(v.DataDir)
		if err != nil {
			return fmt.Errorf("find the data directory: %w", err)
		}
		info.DataDir = path
	}

	// Functions may share this user with the server.
	isolation := srv.Isolation()
	if isolation == process.Shared {
		// Functions run as this user: at least hide this process's memory from them.
		if err := process.MakeUndumpable(); err != nil {
			v.logger(a).Warn("functions can read the server's memory", "error", err)
		}
	}

	info.Isolation = isolation.String()
	if err := restart.claim.Announce(info); err != nil {
		return v.diskHint(err)
	}

	// Programs wait for this line: the server accepts requests from now on.
	fmt.Fprintf(a.out, "listening on %s\n", srv.URL())
	restart.serving <- srv.Addr()

	// The start has read code and tables that are never used again.
	if err := daemon.ReleaseStartupMemory(); err != nil {
		v.logger(a).Debug("memory that the start used is not released", "error", err)
	}

	// A signal or a failed server ends it.
	ended := make(chan error, 1)
	go func() { ended <- srv.Wait() }()
	select {
	case <-ctx.Done():
		return nil // stopped on request: not an error
	case err := <-ended:
		return err
	}
}

// listenHint adds to an error of listening what to do, and which program uses the port,
// if that is known.
func (v *localRunVerb) listenHint(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		other := controlOf(daemon.Info{URL: "http://" + v.Listen})
		if h, unhealthy := other.Health(ctx); unhealthy == nil {
			user := "another embedded AWS uses it"
			if trouble := h.Trouble(); trouble != "" {
				user += ", which is " + trouble
			}
			return hint.With(fmt.Errorf("%w: %s", err, user),
				"stop it with reliableq local stop in its own directory, or use a free port with --listen 127.0.0.1:0")
		}

		return hint.With(err, "end the program that uses the port, or use a free one with --listen 127.0.0.1:0")
	case errors.Is(err, syscall.EACCES):
		return hint.With(err, "ports below 1024 are for the administrator: use a higher one")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return hint.With(err, "this machine has no such address: use 127.0.0.1")
	}

	return err
}

// diskHint adds to an error of the disk what to do.
func (v *localRunVerb) diskHint(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return hint.With(err, "free some disk space, or use directories on another disk with --data-dir and --state-dir")
	case errors.Is(err, store.ErrLocked):
		return hint.With(err, "stop that server, or use another directory with --data-dir")
	case errors.Is(err, store.ErrFormat):
		return hint.With(err, "use the version that wrote it, or another directory with --data-dir")
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		return hint.With(err, "use writable directories with --data-dir and --state-dir")
	case errors.Is(err, store.ErrDamaged):
		return hint.With(err, "restore a copy of the directory, or start with an empty one with --data-dir")
	case errors.Is(err, os.ErrExist), errors.Is(err, os.ErrNotExist):
		return hint.With(err, "use writable directories with --data-dir and --state-dir")
	}

	return err
}
