package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"
)

// bareRuntime is one process with nothing but the Runtime API: the part that every
// implementation needs.
type bareRuntime struct {
	cmd      *exec.Cmd
	http     *http.Server
	ready    chan struct{} // the process has requested an invocation
	events   chan []byte   // for the process
	response chan struct{} // the process has responded
}

// startBare starts the program and returns when it requests an invocation.
func startBare(ctx context.Context, program string) (*bareRuntime, error) {
	b := &bareRuntime{
		ready:    make(chan struct{}, 1),
		events:   make(chan []byte),
		response: make(chan struct{}, 1),
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a runtime: %w", err)
	}

	b.http = &http.Server{Handler: b}
	go func() { _ = b.http.Serve(l) }() // ends with close, which is no error
	// Start the program, and wait for its first request.
	b.cmd = exec.CommandContext(ctx, program)
	b.cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + l.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128"}
	b.cmd.Stderr = os.Stderr
	if err := b.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the function: %w", err), b.http.Close())
	}

	select {
	case <-b.ready:
		return b, nil
	case <-time.After(timeout):
		b.close()
		return nil, errors.New("the function did not request an invocation")
	}
}

// ServeHTTP serves the Runtime API: next and response.
func (b *bareRuntime) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/invocation/next") {
		b.ready <- struct{}{}
		select {
		case event := <-b.events:
			h := w.Header()
			h.Set("Lambda-Runtime-Aws-Request-Id", "11111111-2222-4333-8444-555555555555")
			h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(timeout).UnixMilli()))
			h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:bench")
			_, _ = w.Write(event) // the process notices
		case <-r.Context().Done():
		}
		return
	}

	// Any other request is a response to the event.
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}

	w.WriteHeader(http.StatusAccepted)
	b.response <- struct{}{}
}

// roundTrip delivers one event and returns the time until the response.
func (b *bareRuntime) roundTrip(ctx context.Context, event []byte) (time.Duration, error) {
	start := time.Now()
	select {
	case b.events <- event:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	<-b.response
	took := time.Since(start)
	<-b.ready
	return took, nil
}

// close kills the process and ends the API.
func (b *bareRuntime) close() {
	_ = b.cmd.Process.Kill() // fails if it has ended
	_ = b.cmd.Wait()         // it was killed
	_ = b.http.Close()       // nothing is lost
}

// spawnToNext returns the time from the start of a program to its first request.
func spawnToNext(ctx context.Context, program string) (time.Duration, error) {
	start := time.Now()
	b, err := startBare(ctx, program)
	if err != nil {
		return 0, err
	}
	took := time.Since(start)
	b.close()
	return took, nil
}

// bareRate returns how many round trips a second a number of processes make
// concurrently.
func bareRate(ctx context.Context, program string, processes int, event []byte, span time.Duration) (float64, error) {
	all := make([]*bareRuntime, processes)
	for i := range all {
		b, err := startBare(ctx, program)
		if err != nil {
			return 0, err
		}
		defer b.close()
		all[i] = b
	}

	// Each process makes one round trip after the other.
	var n atomic.Int64
	start := time.Now()
	err := each(all, func(b *bareRuntime) error {
		for time.Since(start) < span {
			if _, err := b.roundTrip(ctx, event); err != nil {
				return err
			}
			n.Add(1)
		}
		return nil
	})

	return float64(n.Load()) / time.Since(start).Seconds(), err
}
