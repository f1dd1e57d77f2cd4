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

// grace is how long requests and invocations under way may take to end.
const grace = 10 * time.Second

// heapBallast is memory that is never touched, and so never resident, but counts
// when the collector decides on its next turn. Without it a server with a few
// messages collects every 4 MB, many times a second under load, and that is a
// fifth of what it does; docs/performance.md has the figures.
const heapBallast = 16 << 20

// serveFlags say how the embedded AWS serves.
type serveFlags struct {
	Listen      string `default:"127.0.0.1:4566" placeholder:"ADDR" help:"Loopback address; port 0 takes a free one (${default})."`
	Clock       string `enum:"real,skip" default:"real" help:"Let service time pass as the machine's does (real), or skip what would only be waited for (skip)."`
	NoAuth      bool   `help:"Let every request in as an administrator, signed or not."`
	NoIsolation bool   `help:"Run functions as this user, with all files in sight, even where the system can isolate them."`
	MaxLogs     uint32 `name:"max-logs-mb" default:"100" placeholder:"MB" help:"Most memory for log events; beyond it the oldest are dropped (${default})."`
	Region      string `env:"AWS_REGION" default:"us-east-1" hidden:""`
}

type localRunVerb struct {
	stateFlags
	serveFlags
	DataDir string     `placeholder:"DIR" help:"Keep state here across restarts; else in memory."`
	Record  string     `placeholder:"FILE" help:"Add every request and its answer to this file, secrets left out, for a bug report."`
	Log     slog.Level `name:"log-level" default:"info" help:"Least level to log: debug, info, warn or error (${default})."`
}

// Help tells more about the verb.
func (*localRunVerb) Help() string {
	return `Prints "listening on http://ADDR" once it answers. In another terminal:
  eval "$(reliableq env)"
  aws sqs list-queues`
}

func (v *localRunVerb) Run(ctx context.Context, a *app) error {
	if err := shedEnvironment(); err != nil {
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
	claim, left, err := inherit(folder)
	if err != nil {
		return hint.With(err, "stop it with reliableq local stop, or serve another state folder with --state-dir")
	}
	ballast := make([]byte, heapBallast)
	defer runtime.KeepAlive(ballast)
	options, closeRecord, err := v.options(a)
	if err != nil {
		return errors.Join(v.diskHint(err), claim.Release())
	}
	again := &reborn{app: a, logger: options.Logger, claim: claim, serving: make(chan string, 1)}
	options.Hidden = []string{dir}
	options.Faults, options.Kill = left, func(left []fault.Rule) { again.kill(ctx, left) }
	srv, err := localaws.New(options)
	if err != nil {
		return errors.Join(v.diskHint(fmt.Errorf("make the embedded AWS: %w", err)), closeRecord(), claim.Release())
	}
	err = v.serve(ctx, a, srv, again)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return errors.Join(err, srv.Shutdown(ending), closeRecord(), claim.Release())
}

// checkListen refuses an address that others could reach: whoever reaches the embedded
// AWS may run code on this machine.
func checkListen(listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return usageError{hint.With(fmt.Errorf("--listen %q: %w", listen, err), "write it as 127.0.0.1:4566")}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usageError{hint.New(fmt.Sprintf("--listen %s is not a loopback address: others could run code on this machine", listen), "use 127.0.0.1 or [::1]")}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return usageError{hint.New(fmt.Sprintf("--listen %s: %q is no port", listen, port), "take one from 1024 to 65535, or 0 for a free one")}
	}
	return nil
}

// checkMaxLogs refuses a bound that a few long events would fill.
func checkMaxLogs(mb uint32) error {
	if least := uint32(logs.MinMaxBytes >> 20); mb < least {
		return usageError{hint.New(fmt.Sprintf("--max-logs-mb %d is too small", mb), fmt.Sprintf("give %d or more", least))}
	}
	return nil
}

// options are the server's, and what closes its recording.
func (v *localRunVerb) options(a *app) (o localaws.Options, closeRecord func() error, err error) {
	mode := clock.Real
	if v.Clock == "skip" {
		mode = clock.Skip
	}
	o = localaws.Options{
		Addr: v.Listen, Region: v.Region, ClockMode: mode, DataDir: v.DataDir, NoAuth: v.NoAuth, NoIsolation: v.NoIsolation, Version: versionName(),
		Logger: v.logger(a), MaxLogBytes: int64(v.MaxLogs) << 20,
	}
	if v.Record == "" {
		return o, func() error { return nil }, nil
	}
	file, err := os.OpenFile(v.Record, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return o, nil, fmt.Errorf("open the file to record in: %w", err)
	}
	o.Record = file
	return o, file.Close, nil
}

func (v *localRunVerb) logger(a *app) *slog.Logger {
	return slog.New(slog.NewTextHandler(a.errs, &slog.HandlerOptions{Level: v.Log}))
}

// serve announces the server and waits until it or ctx ends. A store that has
// failed ends nothing: writes are refused with the reason, and reads go on.
func (v *localRunVerb) serve(ctx context.Context, a *app, srv *localaws.Server, again *reborn) error {
	if err := srv.Start(ctx); err != nil {
		return v.listenHint(ctx, err)
	}
	id, secret := srv.Credentials()
	info := daemon.Info{
		PID: os.Getpid(), URL: srv.URL(), AccessKeyID: id, SecretAccessKey: secret, ControlToken: srv.ControlToken(), Account: srv.Account(), Region: srv.Region(),
		Clock: v.Clock, NoAuth: v.NoAuth, Version: versionName(), Started: time.Now(),
	}
	if v.DataDir != "" {
		path, err := filepath.Abs(v.DataDir)
		if err != nil {
			return fmt.Errorf("find the data folder: %w", err)
		}
		info.DataDir = path
	}
	isolation := srv.Isolation()
	if isolation == process.Shared {
		// Functions run as this user: hide at least what this process knows.
		if err := process.Conceal(); err != nil {
			v.logger(a).Warn("the server's memory can be read by functions", slog.Any("error", err))
		}
	}
	info.Isolation = isolation.String()
	if err := again.claim.Announce(info); err != nil {
		return v.diskHint(err)
	}
	fmt.Fprintf(a.out, "listening on %s\n", srv.URL())
	again.serving <- srv.Addr()
	if err := daemon.Trim(); err != nil {
		v.logger(a).Debug("memory used by the start is not given back", slog.Any("error", err))
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Wait() }()
	select {
	case <-ctx.Done():
		return nil // asked to stop: that is what it is for
	case err := <-ended:
		return err
	}
}

// listenHint says who holds a used port, if that can be told.
func (v *localRunVerb) listenHint(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		other := controlOf(daemon.Info{URL: "http://" + v.Listen})
		if h, unhealthy := other.Health(ctx); unhealthy == nil {
			who := "another embedded AWS serves there"
			if trouble := h.Trouble(); trouble != "" {
				who += ", which is " + trouble
			}
			return hint.With(fmt.Errorf("%w: %s", err, who),
				"stop it with reliableq local stop in its own folder, or take a free port with --listen 127.0.0.1:0")
		}
		return hint.With(err, "end the program that uses the port, or take a free one with --listen 127.0.0.1:0")
	case errors.Is(err, syscall.EACCES):
		return hint.With(err, "ports below 1024 are for the administrator: take one above")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return hint.With(err, "this machine has no such address: use 127.0.0.1")
	}
	return err
}

// diskHint says what to do about a disk that does not take what must be written.
func (v *localRunVerb) diskHint(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return hint.With(err, "free some disk space, or name a folder on another disk with --data-dir and --state-dir")
	case errors.Is(err, store.ErrLocked):
		return hint.With(err, "stop that server, or name another folder with --data-dir")
	case errors.Is(err, store.ErrFormat):
		return hint.With(err, "serve it with the version that made it, or name another folder with --data-dir")
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		return hint.With(err, "name folders that you may write to with --data-dir and --state-dir")
	case errors.Is(err, store.ErrDamaged):
		return hint.With(err, "put back a copy of the folder, or begin anew in another one with --data-dir")
	case errors.Is(err, os.ErrExist), errors.Is(err, os.ErrNotExist):
		return hint.With(err, "name folders that you may write to with --data-dir and --state-dir")
	}
	return err
}
