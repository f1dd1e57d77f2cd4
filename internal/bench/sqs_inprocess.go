package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/gateway"
)

// local is a caller that uses a transport without sockets. It does not sign requests.
type local struct {
	transport http.RoundTripper
	url       string
}

func (l *local) close() error { return nil }

func (l *local) call(ctx context.Context, target string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}

	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", target)
	res, err := l.transport.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("send %s: %w", target, err)
	}

	response, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s was rejected: %s", target, response)
	}
	return response, err
}

// inProcess measures a server in this process, without sockets, and canned responses in
// the same way.
func (b *sqsBench) inProcess(ctx context.Context, t *table) (err error) {
	b.note("in process")
	srv, err := localaws.New(localaws.Options{NoAuth: true})
	if err != nil {
		return fmt.Errorf("start a server in process: %w", err)
	}
	defer func() { err = errors.Join(err, srv.Shutdown(ctx)) }()

	// Create a queue.
	response, err := (&local{srv.Transport(), srv.URL()}).call(ctx, targetCreate, []byte(`{"QueueName":"bench","Attributes":{"VisibilityTimeout":"600"}}`))
	if err != nil {
		return err
	}

	var queue struct {
		URL string `json:"QueueUrl"`
	}

	if err := json.Unmarshal(response, &queue); err != nil {
		return fmt.Errorf("read a queue's URL: %w", err)
	}

	if err := heapPerMessage(ctx, newBare(&local{srv.Transport(), srv.URL()}, queue.URL), b.o.deepQueue()/5, t); err != nil {
		return err
	}

	// Compare with canned responses.
	responses, err := b.record(ctx)
	if err != nil {
		return fmt.Errorf("record responses: %w", err)
	}

	floor := gateway.Transport(responses)
	id, key := srv.Credentials()
	for _, kind := range []string{"bare client", "AWS SDK"} {
		connect := func(over http.RoundTripper) func(context.Context) (client, error) {
			return func(context.Context) (client, error) {
				if kind == "AWS SDK" {
					return newSDK(srv.URL(), id, key, queue.URL, over), nil
				}
				return newBare(&local{over, srv.URL()}, queue.URL), nil
			}
		}
		ours := &load{clients: 1, connect: connect(srv.Transport())}
		bound := &load{clients: 1, connect: connect(floor)}
		if err := alternate(ctx, b.o.span(), ours, bound); err != nil {
			return err
		}
		t.add(figure{
			Name:  kind + ", concurrency 1: throughput",
			Value: ours.perSecond(),
			Floor: bound.perSecond(),
			Unit:  "messages/s",
			More:  true,
		})
		t.add(figure{
			Name:  kind + ", concurrency 1: time, client's included",
			Unit:  "µs/message",
			Value: ours.took.Seconds() / float64(ours.messages) * 1e6,
			Floor: bound.took.Seconds() / float64(bound.messages) * 1e6,
		})
	}

	return nil
}

// heapPerMessage measures how much of the heap n queued messages use, after a garbage
// collection.
func heapPerMessage(ctx context.Context, c *bare, n int, t *table) error {
	before := liveHeap()
	start := time.Now()
	for range n / perBatch {
		if err := c.send(ctx); err != nil {
			return err
		}
	}

	took := time.Since(start)
	t.add(figure{
		Name:  "live heap per queued message beyond its body",
		Value: (liveHeap()-before)/float64(n) - bodySize,
		Unit:  "B",
		Aim:   aimOverhead,
	})
	t.add(figure{
		Name:  "send in batches, bare client, concurrency 1",
		Value: float64(n) / took.Seconds(),
		Unit:  "messages/s",
		More:  true,
	})
	return nil
}

// liveHeap returns the size of the heap in bytes, after a garbage collection.
func liveHeap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
