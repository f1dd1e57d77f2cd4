package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	lambdago "github.com/aws/aws-lambda-go/lambda"
)

// Targets in milliseconds for the time from SendMessage to the first line of the
// function.
const (
	aimCold = 15
	aimWarm = 2
)

// lambdaBench measures Lambda: with a server, and a function that reports when it is
// invoked.
type lambdaBench struct {
	*api
	o        *options
	progress io.Writer
	built    string // path of the function's program
	calls    *calls
}

func benchLambda(ctx context.Context, o *options, dir string, r *report, progress io.Writer) (err error) {
	f := &lambdaBench{
		o:        o,
		progress: progress,
		built:    filepath.Join(dir, "bootstrap"),
	}

	fmt.Fprintln(progress, "build the function")
	if err := buildFunction(ctx, f.built); err != nil {
		return err
	}

	if f.calls, err = listenForCalls(); err != nil {
		return err
	}
	defer f.calls.close()
	// Start a server with the function.
	server, err := serve(ctx, o.server, filepath.Join(dir, "lambda"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if f.api, err = newAPI(ctx, server, f.built, f.calls.addr()); err != nil {
		return err
	}

	t := r.table("Lambda: one after the other")
	if err := f.cold(ctx, t); err != nil {
		return err
	}

	if err := f.warm(ctx, t); err != nil {
		return err
	}
	return f.flow(ctx, r.table("Lambda: through an event source mapping, a backlog"))
}

// cold measures cold starts.
func (f *lambdaBench) cold(ctx context.Context, t *table) error {
	fmt.Fprintln(f.progress, "lambda: cold starts")
	var floor, invoke, line times
	if err := f.mapQueue(ctx, "latency", 1); err != nil {
		return err
	}

	// Alternate between the floor and the server, so that other load affects both.
	for range f.o.rounds(30) {
		took, err := spawnToNext(ctx, f.built)
		if err != nil {
			return err
		}
		floor = append(floor, took)
		if err := f.reconfigure(ctx); err != nil {
			return err
		}
		if took, err = f.invoke(ctx); err != nil {
			return err
		}
		invoke = append(invoke, took)
		if err := f.reconfigure(ctx); err != nil {
			return err
		}
		if took, err = f.sendToInvocation(ctx); err != nil {
			return err
		}
		line = append(line, took)
	}

	ms := time.Millisecond
	bound := floor.at(.5, ms)
	t.add(figure{
		Name:  "floor: spawn of the same program to its first request, p50",
		Value: bound,
		Unit:  "ms",
	})
	t.add(figure{
		Name:  "Invoke, cold, p50",
		Value: invoke.at(.5, ms),
		Floor: bound,
		Unit:  "ms",
	})
	t.add(figure{
		Name:  "SendMessage to the function's first line, cold, p50",
		Value: line.at(.5, ms),
		Unit:  "ms",
		Aim:   aimCold,
	})
	t.add(figure{
		Name:  "SendMessage to the function's first line, cold, p90",
		Value: line.at(.9, ms),
		Unit:  "ms",
	})
	return nil
}

// warm measures invocations of an idle environment.
func (f *lambdaBench) warm(ctx context.Context, t *table) error {
	fmt.Fprintln(f.progress, "lambda: warm invocations")
	bare, err := startBare(ctx, f.built)
	if err != nil {
		return err
	}
	defer bare.close()
	event, err := sampleEvent(1)
	if err != nil {
		return err
	}

	var floor, invoke, line times
	// Alternate between the floor and the server.
	for range f.o.rounds(500) {
		took, err := bare.roundTrip(ctx, event)
		if err != nil {
			return err
		}
		floor = append(floor, took)
		if took, err = f.invoke(ctx); err != nil {
			return err
		}
		invoke = append(invoke, took)
		if took, err = f.sendToInvocation(ctx); err != nil {
			return err
		}
		line = append(line, took)
	}

	ms := time.Millisecond
	bound := floor.at(.5, ms)
	t.add(figure{
		Name:  "floor: bare round trip of the Runtime API, p50",
		Value: bound,
		Unit:  "ms",
	})
	t.add(figure{
		Name:  "Invoke, warm, AWS SDK, p50",
		Value: invoke.at(.5, ms),
		Floor: bound,
		Unit:  "ms",
	})
	t.add(figure{
		Name:  "Invoke, warm, AWS SDK, p99",
		Value: invoke.at(.99, ms),
		Floor: floor.at(.99, ms),
		Unit:  "ms",
	})
	t.add(figure{
		Name:  "SendMessage to the function's first line, warm, p50",
		Value: line.at(.5, ms),
		Unit:  "ms",
		Aim:   aimWarm,
	})
	t.add(figure{
		Name:  "SendMessage to the function's first line, warm, p99",
		Value: line.at(.99, ms),
		Unit:  "ms",
	})
	return nil
}

// flow measures how a mapping processes a backlog.
func (f *lambdaBench) flow(ctx context.Context, t *table) error {
	for _, size := range []int{1, perBatch} {
		n := f.o.rounds(3_000) * size
		fmt.Fprintf(f.progress, "lambda: a backlog of %d in batches of %d\n", n, size)
		got, err := f.processBacklog(ctx, fmt.Sprintf("backlog-%d", size), size, n)
		if err != nil {
			return err
		}
		event, err := sampleEvent(size)
		if err != nil {
			return err
		}
		// The floor is the same number of processes without the embedded AWS.
		floor, err := bareRate(ctx, f.built, got.environments, event, f.o.span())
		if err != nil {
			return err
		}
		what := fmt.Sprintf("batches of %d, %d environments: ", size, got.environments)
		rate := float64(got.invocations) / got.took.Seconds()
		t.add(figure{
			Name:  what + "invocations; floor: bare round trips of as many",
			Value: rate,
			Floor: floor,
			Unit:  "/s",
			More:  true,
		})
		t.add(figure{
			Name:  what + "messages",
			Value: rate * float64(size),
			Unit:  "/s",
			More:  true,
		})
		t.add(figure{
			Name:  what + "server CPU",
			Value: got.cpu.Seconds() / float64(n) * 1e6,
			Unit:  "µs/message",
		})
		// Another floor is the handler alone.
		inProcess, err := callInProcess(ctx, event)
		if err != nil {
			return err
		}
		t.add(figure{
			Name:  what + "time; floor: the handler in process",
			Unit:  "µs/message",
			Value: got.took.Seconds() / float64(n) * 1e6,
			Floor: inProcess.Seconds() / float64(size) * 1e6,
		})
	}

	return nil
}

// callInProcess returns the time of one call of the function's handler in this process,
// including the decoding of the event.
func callInProcess(ctx context.Context, event []byte) (time.Duration, error) {
	h := lambdago.NewHandler(func(context.Context, events.SQSEvent) error { return nil })
	const n = 2_000
	start := time.Now()
	for range n {
		if _, err := h.Invoke(ctx, event); err != nil {
			return 0, fmt.Errorf("call the handler: %w", err)
		}
	}
	return time.Since(start) / n, nil
}

// sampleEvent returns an event with n messages, as the mapping makes it.
func sampleEvent(n int) ([]byte, error) {
	e := events.SQSEvent{}
	for range n {
		e.Records = append(e.Records, events.SQSMessage{
			MessageId:      "11111111-2222-4333-8444-555555555555",
			ReceiptHandle:  strings.Repeat("r", 64),
			Body:           strings.Repeat("x", bodySize),
			Md5OfBody:      strings.Repeat("0", 32),
			EventSource:    "aws:sqs",
			EventSourceARN: "arn:aws:sqs:us-east-1:000000000000:latency",
			AWSRegion:      region,
			Attributes: map[string]string{
				"ApproximateReceiveCount":          "1",
				"SentTimestamp":                    "1",
				"SenderId":                         "0",
				"ApproximateFirstReceiveTimestamp": "1",
			},
			MessageAttributes: map[string]events.SQSMessageAttribute{},
		})
	}

	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode an event: %w", err)
	}
	return b, nil
}
