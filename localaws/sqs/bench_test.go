package sqs

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/awsapi/awsjson"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// newLoad returns a service in real time with a queue of n messages.
func newLoad(b *testing.B, st *store.Store, n int) (*Service, *awsapi.Call, string) {
	b.Helper()
	c := clock.New(clock.Real, time.Time{})
	b.Cleanup(c.Close)
	s, err := New(Options{Clock: c, Store: st})
	if err != nil {
		b.Fatal(err)
	}
	out, err := s.CreateQueue(context.Background(), call(), &CreateQueueInput{QueueName: "q"})
	if err != nil {
		b.Fatal(err)
	}
	in := SendMessageBatchInput{QueueURL: out.QueueURL, Entries: tenEntries()}
	for range n / maxEntries {
		if _, err := s.SendMessageBatch(context.Background(), call(), &in); err != nil {
			b.Fatal(err)
		}
	}
	return s, call(), out.QueueURL
}

func tenEntries() (es []SendMessageBatchRequestEntry) {
	for i := range maxEntries {
		es = append(es, SendMessageBatchRequestEntry{ID: fmt.Sprint(i), MessageBody: strings.Repeat("x", 200)})
	}
	return es
}

// cycle sends ten messages, receives ten and deletes them.
func cycle(s *Service, c *awsapi.Call, url string) error {
	ctx := context.Background()
	if _, err := s.SendMessageBatch(ctx, c, &SendMessageBatchInput{QueueURL: url, Entries: tenEntries()}); err != nil {
		return err
	}
	got, err := s.ReceiveMessage(ctx, c, &ReceiveMessageInput{QueueURL: url, MaxNumberOfMessages: ref(10)})
	if err != nil {
		return err
	}
	del := DeleteMessageBatchInput{QueueURL: url}
	for i, m := range got.Messages {
		del.Entries = append(del.Entries, DeleteMessageBatchRequestEntry{ID: fmt.Sprint(i), ReceiptHandle: m.ReceiptHandle})
	}
	_, err = s.DeleteMessageBatch(ctx, c, &del)
	return err
}

// BenchmarkCycle measures send, receive and delete in batches of ten, per message, in
// a queue of 1,000 and of 1,000,000 messages.
func BenchmarkCycle(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, c, url := newLoad(b, store.Memory(), n)
			b.ReportAllocs()
			for b.Loop() {
				if err := cycle(s, c, url); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*maxEntries), "ns/message")
		})
	}
}

// BenchmarkCycleDurable is BenchmarkCycle on disk with sixteen concurrent clients.
func BenchmarkCycleDurable(b *testing.B) {
	s, c, url := newLoad(b, openStore(b), 1_000)
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := cycle(s, c, url); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*maxEntries), "ns/message")
}

// BenchmarkMemory reports the bytes that a queued message of 200 bytes takes.
func BenchmarkMemory(b *testing.B) {
	const n = 200_000
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for b.Loop() {
		before := heap()
		s, _, _ := newLoad(b, store.Memory(), n)
		b.ReportMetric(float64(heap()-before)/n, "B/message")
		runtime.KeepAlive(s)
	}
}

// BenchmarkJSON measures decoding a ReceiveMessage and encoding its response.
func BenchmarkJSON(b *testing.B) {
	s, c, url := newLoad(b, store.Memory(), 10)
	out, err := s.ReceiveMessage(context.Background(), c, &ReceiveMessageInput{
		QueueURL:            url,
		MaxNumberOfMessages: ref(10),
		AttributeNames:      []string{"All"},
	})
	if err != nil {
		b.Fatal(err)
	}
	request := []byte(`{"QueueUrl":"` + url + `","MaxNumberOfMessages":10,"WaitTimeSeconds":10,"AttributeNames":["All"]}`)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var in ReceiveMessageInput
		if !awsjson.Decode(request, &in) {
			b.Fatal("the request is not decoded by the fast path")
		}
		buf, _ = awsjson.Append(buf[:0], out)
	}
}
