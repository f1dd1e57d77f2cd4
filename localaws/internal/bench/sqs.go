package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// few is the depth that stands for a short queue.
const few = 1_000

// Aims, as shares of the floor, bytes and milliseconds.
const (
	aimCPU        = 1.6
	aimCPUDurable = 2.4
	aimCeiling    = 0.75
	aimOverhead   = 1024
	aimReady      = 30
	aimIdle       = 30
	aimDepth      = 1.1 // "no slowdown", within what one run differs from the next
)

// bed is what SQS is measured on: servers that run at once and take turns.
type bed struct {
	o                       *options
	notes                   io.Writer
	canned, memory, durable *process
	open                    *process          // without authentication
	queues                  map[string]string // address to queue URL
	depth                   int
}

func benchSQS(ctx context.Context, o *options, dir string, r *report, notes io.Writer) (err error) {
	b := &bed{o: o, notes: notes, queues: map[string]string{}}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.start(ctx, dir); err != nil {
		return err
	}
	idle := r.table("SQS: process")
	if err := b.idle(ctx, dir, idle); err != nil {
		return err
	}
	shallow := map[string]float64{}
	for _, depth := range []int{few, o.many()} {
		if err := b.fill(ctx, depth, idle); err != nil {
			return err
		}
		t := r.table(fmt.Sprintf("SQS: %d queued, send + receive + delete in batches of %d, %d bytes each", depth, perBatch, bodySize))
		if err := b.throughput(ctx, t, shallow); err != nil {
			return err
		}
		if err := b.latency(ctx, t); err != nil {
			return err
		}
	}
	if err := b.restart(ctx, dir, idle); err != nil {
		return err
	}
	return b.inProcess(ctx, r.table("SQS: in process, without sockets"))
}

// start starts the servers; the canned one says what the real one said.
func (b *bed) start(ctx context.Context, dir string) (err error) {
	if b.memory, err = serve(ctx, b.o.server, filepath.Join(dir, "memory")); err != nil {
		return err
	}
	if b.durable, err = serve(ctx, b.o.server, filepath.Join(dir, "durable"), "--data-dir", filepath.Join(dir, "data")); err != nil {
		return err
	}
	if b.open, err = serve(ctx, b.o.server, filepath.Join(dir, "open"), "--no-auth"); err != nil {
		return err
	}
	for _, p := range []*process{b.memory, b.durable, b.open} {
		if b.queues[p.addr], err = createQueue(ctx, p); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, "canned.json")
	replies, err := b.record(ctx)
	if err != nil {
		return fmt.Errorf("record replies: %w", err)
	}
	if err := replies.keep(path); err != nil {
		return err
	}
	b.canned, err = startCanned(ctx, path)
	if err != nil {
		return err
	}
	b.queues[b.canned.addr] = b.canned.url() + "/000000000000/bench"
	return nil
}

func startCanned(ctx context.Context, path string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	p, err := spawn(ctx, exec.CommandContext(ctx, self, cannedVerb, path))
	if err != nil {
		return nil, err
	}
	p.id, p.key = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	return p, nil
}

func createQueue(ctx context.Context, p *process) (string, error) {
	c, err := dial(ctx, p, true)
	if err != nil {
		return "", err
	}
	defer c.close()
	said, err := c.call(ctx, targetCreate, []byte(`{"QueueName":"bench","Attributes":{"VisibilityTimeout":"600"}}`))
	if err != nil {
		return "", err
	}
	var out struct {
		URL string `json:"QueueUrl"`
	}
	if err := json.Unmarshal(said, &out); err != nil {
		return "", fmt.Errorf("read a queue's address: %w", err)
	}
	return out.URL, nil
}

// record takes one of each reply from the server in memory.
func (b *bed) record(ctx context.Context) (canned, error) {
	c, err := b.bare(ctx, b.memory, true)
	if err != nil {
		return nil, err
	}
	defer c.close()
	replies := canned{}
	ask := func(target string, body []byte) error {
		said, err := c.call(ctx, target, body)
		replies[target] = append([]byte(nil), said...)
		return err
	}
	err = errors.Join(ask(targetBatch, c.batch), ask(targetReceive, c.receive))
	deletes, _ := appendDeletes(append([]byte(nil), c.deletes...), replies[targetReceive])
	err = errors.Join(err, ask(targetDelete, deletes), ask(targetList, []byte("{}")), ask(targetSend, c.one))
	got, receiveErr := c.call(ctx, targetReceive, c.receive) // the queue is left empty
	deletes, _ = appendDeletes(append([]byte(nil), c.deletes...), got)
	_, deleteErr := c.call(ctx, targetDelete, deletes)
	return replies, errors.Join(err, receiveErr, deleteErr)
}

// bare connects a bare client to a server's queue.
func (b *bed) bare(ctx context.Context, p *process, sign bool) (*bare, error) {
	c, err := dial(ctx, p, sign)
	if err != nil {
		return nil, err
	}
	return newBare(c, b.queues[p.addr]), nil
}

func (b *bed) close() (err error) {
	for _, p := range []*process{b.canned, b.memory, b.durable, b.open} {
		if p != nil {
			err = errors.Join(err, p.stop())
		}
	}
	return err
}

// note tells how far it is.
func (b *bed) note(format string, args ...any) { fmt.Fprintf(b.notes, format+"\n", args...) }
