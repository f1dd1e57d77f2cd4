package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"
)

// idle measures servers without requests.
func (b *sqsBench) idle(ctx context.Context, dir string, t *table) error {
	b.note("start-up and idle memory")
	for _, of := range []struct {
		name string
		args []string
	}{{"in memory", nil}, {"durable", []string{"--data-dir", filepath.Join(dir, "idle", "data")}}} {
		used, err := b.resident(ctx, filepath.Join(dir, "idle"), of.args...)
		if err != nil {
			return err
		}
		t.add(figure{
			Name:  "idle resident memory, " + of.name,
			Value: used / 1e6,
			Unit:  "MB",
			Aim:   aimIdle,
		})
	}

	return b.startUp(ctx, dir, t)
}

// resident returns the memory of a server one second after its start.
func (b *sqsBench) resident(ctx context.Context, stateDir string, args ...string) (float64, error) {
	p, err := b.plain(ctx, stateDir, args...)
	if err != nil {
		return 0, err
	}
	// Let the server become idle.
	time.Sleep(time.Second)
	used, err := p.memory()
	return used, errors.Join(err, p.stop())
}

// startUp measures the time from exec to the first response.
func (b *sqsBench) startUp(ctx context.Context, dir string, t *table) error {
	var floor, memory, durable times
	// Alternate between the servers, so that other load affects all equally.
	for i := range b.o.rounds(15) {
		for _, of := range []struct {
			to    *times
			start func() (*process, error)
		}{
			{&floor, func() (*process, error) { return startCanned(ctx, filepath.Join(dir, "canned.json")) }},
			{&memory, func() (*process, error) { return b.plain(ctx, filepath.Join(dir, "start")) }},
			{&durable, func() (*process, error) {
				d := filepath.Join(dir, fmt.Sprint("start", i))
				return b.plain(ctx, d, "--data-dir", filepath.Join(d, "data"))
			}},
		} {
			took, err := firstResponse(ctx, of.start)
			if err != nil {
				return err
			}
			*of.to = append(*of.to, took)
		}
	}

	ms := time.Millisecond
	t.add(figure{
		Name:  "exec to first response, in memory",
		Value: memory.at(.5, ms),
		Unit:  "ms",
		Aim:   aimReady,
	})
	t.add(figure{
		Name:  "exec to first response, durable, new folder",
		Value: durable.at(.5, ms),
		Unit:  "ms",
		Aim:   aimReady,
	})
	t.add(figure{
		Name:  "exec to first response, canned responses",
		Value: floor.at(.5, ms),
		Unit:  "ms",
	})
	return nil
}

// plain starts a server that checks no signatures.
func (b *sqsBench) plain(ctx context.Context, stateDir string, args ...string) (*process, error) {
	args = append([]string{"local", "run", "--listen", "127.0.0.1:0", "--state-dir", stateDir, "--log-level", "error", "--no-auth"}, args...)
	return spawn(exec.CommandContext(ctx, b.o.server, args...))
}

// firstResponse starts a server, and returns the time from exec to the response to a
// request.
func firstResponse(ctx context.Context, start func() (*process, error)) (time.Duration, error) {
	p, err := start()
	if err != nil {
		return 0, err
	}
	c, err := dial(ctx, p, false)
	if err != nil {
		return 0, errors.Join(err, p.stop())
	}
	_, err = c.call(ctx, targetList, []byte("{}"))
	took := time.Since(p.Started)
	return took, errors.Join(err, c.close(), p.stop())
}

// restart measures the start of a server with the data of the durable one.
func (b *sqsBench) restart(ctx context.Context, dir string, t *table) error {
	b.note("restart with %d queued", b.depth)
	if err := b.durable.stop(); err != nil {
		return err
	}

	b.durable = nil
	took, err := firstResponse(ctx, func() (*process, error) {
		return b.plain(ctx, filepath.Join(dir, "durable"), "--data-dir", filepath.Join(dir, "data"))
	})
	if err != nil {
		return err
	}

	t.add(figure{
		Name:  fmt.Sprintf("exec to first response, durable, %d queued, after a stop", b.depth),
		Value: float64(took) / float64(time.Millisecond),
		Unit:  "ms",
	})
	return nil
}

// fill sends messages until each queue has the given number. For a deep queue it also
// measures the memory for each message.
func (b *sqsBench) fill(ctx context.Context, depth int, t *table) error {
	b.note("fill queues to %d", depth)
	for _, of := range []struct {
		name string
		p    *process
	}{{"in memory", b.memory}, {"durable", b.durable}, {"", b.open}} {
		if of.p == b.open && depth > shallowQueue {
			continue // the cost of signatures does not depend on the depth
		}
		before, err := of.p.memory()
		if err != nil {
			return err
		}
		if err := b.send(ctx, of.p, depth-b.depth); err != nil {
			return err
		}
		after, err := of.p.memory()
		if err != nil {
			return err
		}
		if depth > shallowQueue {
			t.add(figure{
				Name:  "resident memory per queued message beyond its body, " + of.name,
				Unit:  "B",
				Aim:   aimOverhead,
				Value: (after-before)/float64(depth-b.depth) - bodySize,
			})
		}
	}

	b.depth = depth
	return nil
}

// send sends n messages to a server's queue.
func (b *sqsBench) send(ctx context.Context, p *process, n int) error {
	left := int64(n)
	return each(make([]struct{}, 16), func(struct{}) error {
		c, err := b.bare(ctx, p, true)
		if err != nil {
			return err
		}
		defer c.close()
		for atomic.AddInt64(&left, -perBatch) >= 0 {
			if err := c.send(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}
