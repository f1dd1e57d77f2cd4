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

// many is the depth that stands for a long queue.
func (o *options) many() int {
	if o.quick {
		return 100_000
	}
	return 1_000_000
}

// span is how long one client drives one server.
func (o *options) span() time.Duration {
	if o.quick {
		return 500 * time.Millisecond
	}
	return 2 * time.Second
}

// rounds is how often that which takes a few milliseconds is repeated.
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
	flag.BoolVar(&o.quick, "quick", false, "rough figures, soon")
	flag.BoolVar(&o.asJSON, "json", false, "print one JSON object")
	flag.StringVar(&o.only, "only", "", "measure sqs or lambda alone")
	flag.Parse()
	if flag.NArg() > 0 || o.only != "" && o.only != "sqs" && o.only != "lambda" {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	end(run(ctx, &o, os.Stdout, os.Stderr))
}

// end ends the process as err says.
func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run measures what is asked for and prints it; progress goes to notes.
func run(ctx context.Context, o *options, out, notes io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "localaws-bench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &report{Date: time.Now().UTC().Format(time.DateOnly), Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(), Quick: o.quick}
	if o.only != "lambda" {
		if err := benchSQS(ctx, o, dir, r, notes); err != nil {
			return fmt.Errorf("measure sqs: %w", err)
		}
	}
	if o.only != "sqs" {
		if err := benchLambda(ctx, o, dir, r, notes); err != nil {
			return fmt.Errorf("measure lambda: %w", err)
		}
	}
	if o.asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return r.print(out)
}
