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

// shallowQueue is the number of messages in a short queue.
const shallowQueue = 1_000

// Targets: ratios to the floor, bytes, milliseconds and megabytes.
const (
	aimCPU        = 1.6
	aimCPUDurable = 2.4
	aimCeiling    = 0.75
	aimOverhead   = 1024
	aimReady      = 30
	aimIdle       = 30
	aimDepth      = 1.1 // no slowdown, within the differences between runs
)

// sqsBench measures SQS: with servers that run at the same time and are loaded
// alternately.
type sqsBench struct {
	o                       *options
	progress                io.Writer
	canned, memory, durable *process
	open                    *process          // without authentication
	queues                  map[string]string // address to queue URL
	depth                   int               // messages in each queue
}

func benchSQS(ctx context.Context, o *options, dir string, r *report, progress io.Writer) (err error) {
	b := &sqsBench{
		o:        o,
		progress: progress,
		queues:   map[string]string{},
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.start(ctx, dir); err != nil {
		return err
	}

	// Measure idle servers, then those with a short and a long queue.
	idle := r.table("SQS: process")
	if err := b.idle(ctx, dir, idle); err != nil {
		return err
	}

	shallow := map[string]float64{}
	for _, depth := range []int{shallowQueue, o.deepQueue()} {
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

// start starts the servers. The canned one returns responses of the one in memory.
func (b *sqsBench) start(ctx context.Context, dir string) (err error) {
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
		if b.queues[p.Addr], err = createQueue(ctx, p); err != nil {
			return err
		}
	}

	// Record responses, and serve them.
	path := filepath.Join(dir, "canned.json")
	responses, err := b.record(ctx)
	if err != nil {
		return fmt.Errorf("record responses: %w", err)
	}

	if err := responses.save(path); err != nil {
		return err
	}

	b.canned, err = startCanned(ctx, path)
	if err != nil {
		return err
	}

	b.queues[b.canned.Addr] = b.canned.URL() + "/000000000000/bench"
	return nil
}

// startCanned starts a server of canned responses.
func startCanned(ctx context.Context, path string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	p, err := spawn(exec.CommandContext(ctx, self, cannedVerb, path))
	if err != nil {
		return nil, err
	}
	p.AccessKeyID = "AKIAIOSFODNN7EXAMPLE"
	p.SecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	return p, nil
}

// createQueue creates the queue and returns its URL.
func createQueue(ctx context.Context, p *process) (string, error) {
	c, err := dial(ctx, p, true)
	if err != nil {
		return "", err
	}
	defer c.close()
	response, err := c.call(ctx, targetCreate, []byte(`{"QueueName":"bench","Attributes":{"VisibilityTimeout":"600"}}`))
	if err != nil {
		return "", err
	}

	var out struct {
		URL string `json:"QueueUrl"`
	}

	if err := json.Unmarshal(response, &out); err != nil {
		return "", fmt.Errorf("read a queue's URL: %w", err)
	}
	return out.URL, nil
}

// record returns one response to each operation from the server in memory.
func (b *sqsBench) record(ctx context.Context) (canned, error) {
	c, err := b.bare(ctx, b.memory, true)
	if err != nil {
		return nil, err
	}
	defer c.close()

	responses := canned{}
	record := func(target string, body []byte) error {
		response, err := c.call(ctx, target, body)
		responses[target] = append([]byte(nil), response...)
		return err
	}

	err = errors.Join(record(targetBatch, c.batch), record(targetReceive, c.receive))
	deletes, _ := appendDeletes(append([]byte(nil), c.deletes...), responses[targetReceive])
	err = errors.Join(err, record(targetDelete, deletes), record(targetList, []byte("{}")), record(targetSend, c.one))

	// Leave the queue empty.
	got, receiveErr := c.call(ctx, targetReceive, c.receive)
	deletes, _ = appendDeletes(append([]byte(nil), c.deletes...), got)
	_, deleteErr := c.call(ctx, targetDelete, deletes)
	return responses, errors.Join(err, receiveErr, deleteErr)
}

// bare connects a bare client to a server's queue.
func (b *sqsBench) bare(ctx context.Context, p *process, sign bool) (*bare, error) {
	c, err := dial(ctx, p, sign)
	if err != nil {
		return nil, err
	}
	return newBare(c, b.queues[p.Addr]), nil
}

func (b *sqsBench) close() (err error) {
	for _, p := range []*process{b.canned, b.memory, b.durable, b.open} {
		if p != nil {
			err = errors.Join(err, p.stop())
		}
	}
	return err
}

// note prints a line of progress.
func (b *sqsBench) note(format string, args ...any) { fmt.Fprintf(b.progress, format+"\n", args...) }
