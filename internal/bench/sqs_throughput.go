package main

import (
	"context"
	"fmt"
	"time"
)

// throughput loads all servers with each kind of client.
func (b *sqsBench) throughput(ctx context.Context, t *table, shallow map[string]float64) error {
	for _, clients := range []int{1, 16} {
		for _, kind := range []string{"bare client", "AWS SDK"} {
			b.note("%d queued: %s, concurrency %d", b.depth, kind, clients)
			loads := map[*process]*load{}
			sequence := []*load{}
			for _, p := range []*process{b.canned, b.memory, b.durable, b.open} {
				if p == b.open && (kind == "AWS SDK" || b.depth > shallowQueue) {
					continue
				}
				loads[p] = &load{
					server:  p,
					clients: clients,
					connect: b.connector(p, kind),
				}
				sequence = append(sequence, loads[p])
			}
			if err := alternate(ctx, b.o.span(), sequence...); err != nil {
				return err
			}
			b.addFigures(t, fmt.Sprintf("%s, concurrency %d", kind, clients), loads, shallow)
		}
	}

	return nil
}

// connector returns a function that makes clients of a kind for a server.
func (b *sqsBench) connector(p *process, kind string) func(context.Context) (client, error) {
	return func(ctx context.Context) (client, error) {
		if kind == "AWS SDK" {
			return newSDK(p.URL(), p.AccessKeyID, p.SecretAccessKey, b.queues[p.Addr], overSocket()), nil
		}
		return b.bare(ctx, p, p != b.open)
	}
}

// addFigures adds the results of loads to the table.
func (b *sqsBench) addFigures(t *table, what string, loads map[*process]*load, shallow map[string]float64) {
	// Canned responses are the floor for each server.
	floor := loads[b.canned]
	for _, of := range []struct {
		p      *process
		name   string
		aimCPU float64
	}{{b.memory, "in memory", aimCPU}, {b.durable, "durable", aimCPUDurable}, {b.open, "in memory, --no-auth", aimCPU}} {
		l := loads[of.p]
		if l == nil {
			continue
		}
		name := what + ", " + of.name
		fast := figure{
			Name:  name + ": throughput",
			Value: l.perSecond(),
			Floor: floor.perSecond(),
			Unit:  "messages/s",
			More:  true,
		}
		if of.p != b.durable {
			fast.Aim = aimCeiling
		}
		t.add(fast)
		t.add(figure{
			Name:  name + ": server CPU",
			Value: l.cpuPerMessage(),
			Floor: floor.cpuPerMessage(),
			Unit:  "µs/message",
			Aim:   of.aimCPU,
		})
		// Compare with the short queue, once the long one is measured.
		if before, ok := shallow[name]; ok {
			t.add(figure{
				Name:  name + fmt.Sprintf(": CPU against %d queued", shallowQueue),
				Value: l.cpuPerMessage(),
				Floor: before,
				Unit:  "µs/message",
				Aim:   aimDepth,
			})
		}
		shallow[name] = l.cpuPerMessage()
	}
}

// latency measures single messages, one after the other.
func (b *sqsBench) latency(ctx context.Context, t *table) error {
	b.note("%d queued: single SendMessage", b.depth)
	servers := []*process{b.canned, b.memory, b.durable}
	took := map[*process]times{}
	clients := map[*process]*bare{}
	for _, p := range servers {
		c, err := b.bare(ctx, p, true)
		if err != nil {
			return err
		}
		defer c.close()
		clients[p] = c
	}

	// Alternate between the servers, a hundred messages each.
	for range b.o.rounds(20) {
		for _, p := range servers {
			for range 100 {
				start := time.Now()
				if err := clients[p].sendOne(ctx); err != nil {
					return err
				}
				took[p] = append(took[p], time.Since(start))
			}
		}
	}

	for _, of := range []struct {
		p    *process
		name string
	}{{b.memory, "in memory"}, {b.durable, "durable"}} {
		for _, q := range []struct {
			name  string
			share float64
		}{{"p50", .5}, {"p99", .99}} {
			t.add(figure{
				Name:  "single SendMessage, " + of.name + ": " + q.name,
				Unit:  "µs",
				Value: took[of.p].at(q.share, time.Microsecond),
				Floor: took[b.canned].at(q.share, time.Microsecond),
			})
		}
	}

	return nil
}
