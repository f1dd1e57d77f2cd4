package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/reliableq/reliableq/internal/functionzip"
)

// call is one invocation, as the function reports it.
type call struct {
	at       time.Time // when its first line ran
	messages int
}

// calls receives reports of invocations from the functions themselves. They use the same
// clock as this process.
type calls struct {
	l            net.Listener
	reported     chan call
	environments atomic.Int64 // processes that have connected
}

// listenForCalls starts to receive reports.
func listenForCalls() (*calls, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the function: %w", err)
	}
	c := &calls{l: l, reported: make(chan call, 1<<16)}
	go c.accept()
	return c, nil
}

func (c *calls) addr() string { return c.l.Addr().String() }
func (c *calls) close()       { _ = c.l.Close() } // no report is lost

// accept accepts connections until close.
func (c *calls) accept() {
	for {
		conn, err := c.l.Accept()
		if err != nil {
			return
		}
		c.environments.Add(1)
		go c.read(conn)
	}
}

// read reads the frames of a function: UnixNano and number of messages.
func (c *calls) read(conn net.Conn) {
	defer conn.Close()
	var frame [12]byte
	for {
		if _, err := io.ReadFull(conn, frame[:]); err != nil {
			return
		}
		c.reported <- call{
			at:       time.Unix(0, int64(binary.BigEndian.Uint64(frame[:]))),
			messages: int(binary.BigEndian.Uint32(frame[8:])),
		}
	}
}

// timeout is how long any step may take before the benchmark fails.
const timeout = time.Minute

var errNoCall = errors.New("the function was not invoked")

// next waits for the next invocation with messages, or without.
func (c *calls) next(ctx context.Context, withMessages bool) (call, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		select {
		case got := <-c.reported:
			if withMessages == (got.messages > 0) {
				return got, nil
			}
		case <-ctx.Done():
			return call{}, errNoCall
		}
	}
}

// buildFunction builds the function's program.
func buildFunction(ctx context.Context, path string) error {
	return functionzip.Build(ctx, "github.com/reliableq/reliableq/internal/bench/function", path)
}
