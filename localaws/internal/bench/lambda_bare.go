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

// bareRuntime is the Runtime API and nothing else, for one process: what no
// implementation can do without.
type bareRuntime struct {
	cmd      *exec.Cmd
	http     *http.Server
	asked    chan struct{}
	give     chan []byte
	answered chan struct{}
}

// startBare starts the program and returns once it asks for work.
func startBare(ctx context.Context, program string) (*bareRuntime, error) {
	b := &bareRuntime{asked: make(chan struct{}, 1), give: make(chan []byte), answered: make(chan struct{}, 1)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a runtime: %w", err)
	}
	b.http = &http.Server{Handler: b}
	go func() { _ = b.http.Serve(l) }() // ends with close, which is no error
	b.cmd = exec.CommandContext(ctx, program)
	b.cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + l.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128"}
	b.cmd.Stderr = os.Stderr
	if err := b.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the function: %w", err), b.http.Close())
	}
	select {
	case <-b.asked:
		return b, nil
	case <-time.After(patience):
		b.close()
		return nil, errors.New("the function did not ask for work")
	}
}

// ServeHTTP is the Runtime API: next, and response.
func (b *bareRuntime) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/invocation/next") {
		b.asked <- struct{}{}
		select {
		case event := <-b.give:
			h := w.Header()
			h.Set("Lambda-Runtime-Aws-Request-Id", "11111111-2222-4333-8444-555555555555")
			h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(patience).UnixMilli()))
			h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:bench")
			w.Write(event)
		case <-r.Context().Done():
		}
		return
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	w.WriteHeader(http.StatusAccepted)
	b.answered <- struct{}{}
}

// roundTrip hands out one event and takes the answer to it.
func (b *bareRuntime) roundTrip(ctx context.Context, event []byte) (time.Duration, error) {
	start := time.Now()
	select {
	case b.give <- event:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	<-b.answered
	took := time.Since(start)
	<-b.asked
	return took, nil
}

func (b *bareRuntime) close() {
	b.cmd.Process.Kill()
	_ = b.cmd.Wait() // it was killed: how it ended says nothing
	_ = b.http.Close()
}

// spawnToNext is the time from the spawn of a program to its first request.
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

// bareRate is how many round trips a second so many processes make at once.
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
