package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// options are the command's flags.
type options struct {
	server string // path of reliableq
	quick  bool
	asJSON bool
	only   string // sqs, lambda, or empty for both
}

// deepQueue returns the number of messages in a long queue.
func (o *options) deepQueue() int {
	if o.quick {
		return 100_000
	}
	return 1_000_000
}

// span returns how long each kind of client loads each server.
func (o *options) span() time.Duration {
	if o.quick {
		return 500 * time.Millisecond
	}
	return 2 * time.Second
}

// rounds returns how often a measurement of a few milliseconds is repeated: n times, or
// fewer for a quick run.
func (o *options) rounds(n int) int {
	if o.quick {
		return max(n/5, 3)
	}
	return n
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == cannedVerb {
		end(serveCanned(os.Args[2]))
	}

	var o options
	flag.StringVar(&o.server, "server", "bin/reliableq", "the `program` to measure")
	flag.BoolVar(&o.quick, "quick", false, "measure rough figures, within a minute")
	flag.BoolVar(&o.asJSON, "json", false, "print one JSON object")
	flag.StringVar(&o.only, "only", "", "measure only `sqs` or lambda")
	flag.Parse()
	if flag.NArg() > 0 || o.only != "" && o.only != "sqs" && o.only != "lambda" {
		flag.Usage()
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	end(run(ctx, &o, os.Stdout, os.Stderr))
}

// end ends the process, with exit code 1 after an error.
func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run measures what the options select and prints it to out. Progress goes to progress.
func run(ctx context.Context, o *options, out, progress io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "localaws-bench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &report{
		Date:  time.Now().UTC().Format(time.DateOnly),
		Go:    runtime.Version(),
		OS:    runtime.GOOS + "/" + runtime.GOARCH,
		CPUs:  runtime.NumCPU(),
		Quick: o.quick,
	}
	// Measure.
	if o.only != "lambda" {
		if err := benchSQS(ctx, o, dir, r, progress); err != nil {
			return fmt.Errorf("measure sqs: %w", err)
		}
	}

	if o.only != "sqs" {
		if err := benchLambda(ctx, o, dir, r, progress); err != nil {
			return fmt.Errorf("measure lambda: %w", err)
		}
	}

	// Print.
	if o.asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}

	return r.print(out)
}
