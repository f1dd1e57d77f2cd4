package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/reliableq/reliableq/internal/localserver"
)

const (
	// maxRestart is how much longer the second start may take than the first: it reads
	// the data of the run.
	maxRestart = 2 * time.Second
	// exitTimeout is how long processes may take to end after the server.
	exitTimeout = 3 * time.Second
)

// run does everything, from the build of the functions to the second start.
func run(ctx context.Context, o *options, out io.Writer) (err error) {
	hostile, err := parseHostile(o.hostile)
	if err != nil {
		return err
	}

	dir, err := os.MkdirTemp("", "reliableq-soak-")
	if err != nil {
		return fmt.Errorf("make a folder for the run: %w", err)
	}

	id := strings.ToLower(rand.Text()[:8])
	defer func() { err = errors.Join(err, cleanUp(dir, id)) }()

	// Build the functions, start the server, and deploy.
	program := filepath.Join(dir, "bootstrap")
	if err := buildFunction(ctx, program); err != nil {
		return err
	}

	log, err := openLog(o.serverTo)
	if err != nil {
		return err
	}
	defer log.Close()
	stateDir := filepath.Join(dir, "state")
	dataDir := filepath.Join(dir, "data")
	srv, err := localserver.Start(ctx, o.server, stateDir, log, "--data-dir", dataDir)
	if err != nil {
		return err
	}

	l := newLoad(srv, id)
	if err := l.deploy(ctx, program, hostile); err != nil {
		return errors.Join(err, srv.Kill())
	}

	// Run the load, and judge the samples.
	samples, err := underLoad(ctx, o, l, &sampler{
		pid:  srv.PID(),
		dir:  dataDir,
		id:   id,
		from: time.Now(),
	}, hostile, out)
	if err != nil {
		return errors.Join(err, srv.Kill())
	}

	if err := checkSampleCount(samples); err != nil {
		return errors.Join(err, srv.Kill())
	}

	verdicts := judge(samples)
	var bad notFlat
	if !o.noJudge {
		bad = failures(verdicts)
	}

	printVerdicts(out, o, l, verdicts)

	// Restart the server, and judge what it left and how long it took.
	end, err := restart(ctx, o, srv, stateDir, dataDir, id, log)
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "\nstop %.2f s · processes left %d · first start %.2f s · restart %.2f s with %.1f MB in the data directory · memory after the restart %.1f MB\n",
		end.stop.Seconds(), end.left, srv.Ready.Seconds(), end.ready.Seconds(), float64(end.disk)/megabyte, float64(end.memory)/megabyte)
	if end.left > 0 {
		bad = append(bad, fmt.Sprintf("%d processes outlive the server", end.left))
	}

	if end.ready > srv.Ready+maxRestart {
		bad = append(bad, fmt.Sprintf("the restart took %.2f s, %v longer than the first start", end.ready.Seconds(), end.ready-srv.Ready))
	}

	if n := l.failures.Load(); n > 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		bad = append(bad, fmt.Sprintf("%d calls failed, the first: %v", n, l.firstFailure))
	}

	if len(bad) > 0 {
		return bad
	}
	return nil
}

// openLog opens the file for the server's log.
func openLog(path string) (*os.File, error) {
	if path == "" {
		path = os.DevNull
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the file for the server's log: %w", err)
	}
	return f, nil
}

// underLoad runs the load and takes samples until the time is over.
func underLoad(ctx context.Context, o *options, l *load, w *sampler, hostile []string, out io.Writer) ([]sample, error) {
	loading, end := context.WithTimeout(ctx, o.span)
	defer end()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.run(loading, hostile)
	}()

	// Take samples until the load has ended.
	fmt.Fprintln(out, "time     memory MB  descriptors  threads  processes  processes MB  data MB  data entries  files in /tmp")
	var samples []sample
	tick := time.NewTicker(o.every)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return samples, ctx.Err()
		case <-tick.C:
			s, err := w.take()
			if err != nil {
				end()
				<-ended
				return nil, err
			}
			samples = append(samples, s)
			fmt.Fprintf(out, "%7.0fs  %9.1f  %11d  %7d  %9d  %12.1f  %7.1f  %12d  %13d\n", s.at.Seconds(), float64(s.memory)/megabyte,
				s.descriptors, s.threads, s.processes, float64(s.children)/megabyte, float64(s.disk)/megabyte, s.files, s.left)
		}
	}
}

// printVerdicts prints what was done, and the result for each gauge.
func printVerdicts(out io.Writer, o *options, l *load, verdicts []verdict) {
	fmt.Fprintf(out, "\n%s, %s/%s, %d processors, %v: %d calls, %d messages received and deleted, %d invocations of misbehaving functions\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), o.span, l.calls.Load(), l.processed.Load(), l.invocations.Load())

	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "gauge\tfirst third: median, most\tsecond third\tlast third\tat the end\tflat")
	for _, v := range verdicts {
		flat := "yes"
		if !v.flat {
			flat = "no"
		}
		g := v.gauge
		third := func(i int) string { return g.show(v.median[i]) + ", " + g.show(v.maximum[i]) }
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", g.name, third(0), third(1), third(2), g.show(v.last), flat)
	}

	_ = t.Flush() // the result does not depend on the output
}

// ending is what was measured at the end of a run.
type ending struct {
	stop   time.Duration // from SIGTERM to the server's end
	left   int64         // processes of functions that have outlived the server
	ready  time.Duration // from exec of the second server until it listened
	memory int64         // resident bytes of that server, without load
	disk   int64         // bytes in its data directory
}

// restart stops the server, counts the processes that remain, and starts another server
// with the same data directory.
func restart(ctx context.Context, o *options, srv *localserver.Server, stateDir, dataDir, id string, log io.Writer) (ending, error) {
	var e ending
	var err error
	if e.stop, err = srv.Stop(); err != nil {
		return e, err
	}

	if e.left, err = remaining(ctx, id); err != nil {
		return e, err
	}

	if e.disk, _, err = dirSize(dataDir); err != nil {
		return e, err
	}

	// Start it again, and measure it without load.
	again, err := localserver.Start(ctx, o.server, stateDir, log, "--data-dir", dataDir)
	if err != nil {
		return e, fmt.Errorf("start the server again: %w", err)
	}

	e.ready = again.Ready
	s, err := (&sampler{
		pid:  again.PID(),
		dir:  dataDir,
		id:   id,
		from: time.Now(),
	}).take()

	e.memory = s.memory
	_, stopped := again.Stop()
	return e, errors.Join(err, stopped)
}

// remaining counts the processes of functions that still run after the end of the server.
// It waits a moment, because the kernel may need time to end them.
func remaining(ctx context.Context, id string) (int64, error) {
	for begun := time.Now(); ; {
		n, _, err := processesOf(id)
		if err != nil || n == 0 || time.Since(begun) > exitTimeout {
			return n, err
		}
		select {
		case <-ctx.Done():
			return n, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// cleanUp kills processes that the run's functions have left, and removes its files.
func cleanUp(dir, id string) error {
	errs := []error{endProcesses(id), os.RemoveAll(dir)}
	left, err := filepath.Glob("/tmp/soak-" + id + "-*")
	errs = append(errs, err)
	for _, path := range left {
		errs = append(errs, os.Remove(path))
	}
	return errors.Join(errs...)
}
