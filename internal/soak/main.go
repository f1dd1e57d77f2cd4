// Command soak runs a mixed load and misbehaving functions on the embedded AWS, as the
// command reliableq serves it, and reports whether the server's use of resources stays
// flat: memory, file descriptors, threads, processes, and files on disk.
//
//	go build -o bin/reliableq ./deploy/reliableq
//	go run ./internal/soak -server bin/reliableq -for 10m
//
// The load consists of sends, receives and deletes, an event source mapping, and reads of
// logs, metrics and roles. The misbehaving functions print without an end, start
// processes that outlive them, leak memory, leave files, hold connections, crash and hang.
// Samples are taken every few seconds and judged at the end: see [judge]. Then the server
// is stopped and started again with the same data directory, and the restart is timed.
//
// Exit codes: 0 flat, 1 the run failed, 2 wrong usage, 3 not flat.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are the command's flags.
type options struct {
	server   string        // path of reliableq
	span     time.Duration // how long the load lasts
	every    time.Duration // between two samples
	hostile  string        // behaviours, or empty for all
	noJudge  bool          // print the gauges without judging them
	serverTo string        // file for the server's own log
}

func main() {
	var o options
	flag.StringVar(&o.server, "server", "bin/reliableq", "the `program` to test")
	flag.DurationVar(&o.span, "for", 10*time.Minute, "how long the load lasts")
	flag.DurationVar(&o.every, "every", 5*time.Second, "time between two samples")
	flag.StringVar(&o.hostile, "hostile", "all", "misbehaviours, separated by commas: "+strings.Join(misbehaviours, ", ")+"; or all, or none")
	flag.BoolVar(&o.noJudge, "report-only", false, "do not fail when a gauge grows; failed calls, remaining processes and a slow restart still fail")
	flag.StringVar(&o.serverTo, "server-log", "", "`file` for the server's log; else it is dropped")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, &o, os.Stdout)
	var bad notFlat
	switch {
	case errors.As(err, &bad):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
