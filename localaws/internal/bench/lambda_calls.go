package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

// call is one invocation, as the function told of it.
type call struct {
	at       time.Time // when its first line ran
	messages int
}

// calls hears of invocations from the functions themselves: their clock is the
// machine's, and so is ours.
type calls struct {
	l            net.Listener
	heard        chan call
	environments atomic.Int64 // processes that have connected
}

func listenForCalls() (*calls, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the function: %w", err)
	}
	c := &calls{l: l, heard: make(chan call, 1<<16)}
	go c.accept()
	return c, nil
}

func (c *calls) addr() string { return c.l.Addr().String() }
func (c *calls) close()       { c.l.Close() }

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

// read takes a function's frames: UnixNano and number of messages.
func (c *calls) read(conn net.Conn) {
	defer conn.Close()
	var frame [12]byte
	for {
		if _, err := io.ReadFull(conn, frame[:]); err != nil {
			return
		}
		c.heard <- call{
			at:       time.Unix(0, int64(binary.BigEndian.Uint64(frame[:]))),
			messages: int(binary.BigEndian.Uint32(frame[8:])),
		}
	}
}

// patience is how long anything may take before the benchmark gives up.
const patience = time.Minute

var errNoCall = errors.New("the function was not called")

// next is the next call with messages, or without.
func (c *calls) next(ctx context.Context, withMessages bool) (call, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		select {
		case got := <-c.heard:
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
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", path, "github.com/reliableq/reliableq/localaws/internal/bench/function")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the function: %w: %s", err, said)
	}
	return nil
}
