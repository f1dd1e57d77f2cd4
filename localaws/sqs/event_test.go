package sqs

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The observer receives every state change of a message, in sequence and with its
// time.
func TestEventsReportEveryStateChange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var got []string
	b.s.observe = func(e Event) {
		line := fmt.Sprintf("%s %s %s", e.Time.Sub(epochStart), e.Kind, e.Queue)
		if e.From != "" {
			line += " from " + e.From
		}
		line += fmt.Sprintf(" %d", e.Receives)
		if !e.Until.IsZero() {
			line += " until " + e.Until.Sub(epochStart).String()
		}
		got = append(got, line)
	}
	dead := b.queue("dead")
	url := b.queue("work", "DelaySeconds", "5", "VisibilityTimeout", "30", "MessageRetentionPeriod", "3600",
		"RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:`+region+`:`+account+`:dead","maxReceiveCount":1}`)
	b.send(url, "first")
	b.advance(5 * time.Second)
	b.receive(url)
	b.advance(30 * time.Second)
	b.receive(url)
	b.remove(dead, b.one(dead))
	b.send(url, "second")
	b.advance(2 * time.Hour)
	want := []string{
		"0s sent work 0 until 5s", "5s shown work 0", "5s received work 1 until 35s", "35s shown work 1",
		"35s moved dead from work 1", "35s received dead 2 until 1m5s", "35s deleted dead 2 until 1m5s",
		"35s sent work 0 until 40s", "40s shown work 0", "1h0m35s expired work 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
