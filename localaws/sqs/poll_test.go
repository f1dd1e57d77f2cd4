package sqs

import (
	"testing"
	"time"
)

func TestI4WhatWakesALongPoll(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		wake func(b *bench, url string) // called with one message in flight for 30 s
	}{
		{"Send", func(b *bench, url string) { b.send(url, "x") }},
		{"EndOfDelay", func(b *bench, url string) {
			must(b, b.s.SendMessage, SendMessageInput{QueueURL: url, MessageBody: "x", DelaySeconds: ref(5)})
			b.advance(5 * time.Second)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			url := b.queue("q")
			got := b.poll(url)
			tt.wake(b, url)
			if ms := <-got; len(ms) != 1 || ms[0].Body != "x" {
				t.Errorf("the poll got %q, want x", bodies(ms))
			}
		})
	}
}
