package sqsbatch_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// lostInOutage returns how many of n messages SQS dead-letters if a service that the
// handler needs is down for a time that begins with the first receive.
func lostInOutage(t *testing.T, n, receives int, outage time.Duration, policy backoff.Policy) int {
	t.Helper()
	s := newStage(t, stageOptions{receives: receives})
	var mu sync.Mutex // guards what follows
	var ends time.Time
	handler := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error {
		mu.Lock()
		defer mu.Unlock()
		now := s.aws.Clock().Now()
		if ends.IsZero() {
			ends = now.Add(outage)
		}
		if now.Before(ends) {
			return errDown
		}
		return nil
	}, sqsbatch.WithBackoff(sqsclient.Visibility(s.sqs), policy),
		// WithMaxReceives skips the probe of the mapping: a probe rounds down the
		// visibility timeout of one message.
		sqsbatch.WithMappingCheck(func(context.Context, string, string) (bool, error) { return true, nil })))

	bodies := make([]string, n)
	for i := range bodies {
		bodies[i] = fmt.Sprint(i)
	}
	s.play(handler, bodies...)
	return len(s.dead())
}

// What backoff.Policy.Survives returns is true in a queue.
func TestEmbeddedMessagesSurviveTheOutageThatTheirPolicyPromises(t *testing.T) {
	t.Parallel()
	patient := backoff.Policy{Base: 10 * time.Second, Cap: time.Hour}
	withJitter := func(j backoff.Jitter) backoff.Policy { p := patient; p.Jitter = j; return p }
	for _, tt := range []struct {
		name     string
		policy   backoff.Policy
		receives int
		longer   time.Duration // than the outage that the policy survives
		allLost  bool
	}{
		{"Default", patient, 10, 0, false},
		{"DefaultWithFewReceives", patient, 4, 0, false},
		{"None", withJitter(backoff.None), 5, 0, false},
		{"NoneInALongerOutage", withJitter(backoff.None), 5, 10 * time.Second, true},
		{"Decorrelated", withJitter(backoff.Decorrelated), 4, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const n = 30
			want := 0
			if tt.allLost {
				want = n
			}
			outage := tt.policy.Survives(tt.receives) + tt.longer
			if lost := lostInOutage(t, n, tt.receives, outage, tt.policy); lost != want {
				t.Errorf("%d of %d messages lost in an outage of %v, want %d", lost, n, outage, want)
			}
		})
	}
}

// The share of lost messages is the computed one, within 4.5 standard errors.
func TestEmbeddedShareOfMessagesThatSurviveIsTheComputedOne(t *testing.T) {
	t.Parallel()
	const n = 300
	for _, jitter := range []backoff.Jitter{backoff.Full, backoff.Decorrelated} {
		t.Run(fmt.Sprint(jitter), func(t *testing.T) {
			t.Parallel()
			policy := backoff.Policy{
				Base:   10 * time.Second,
				Cap:    time.Hour,
				Jitter: jitter,
				Rand:   lockedRand(rand.New(rand.NewPCG(12, 1)).Float64),
			}
			lost := float64(lostInOutage(t, n, 10, 30*time.Minute, policy)) / n
			want := 1 - policy.SurvivalRate(10, 30*time.Minute)
			if limit := 4.5 * math.Sqrt(want*(1-want)/n); math.Abs(lost-want) > limit {
				t.Errorf("%.3f lost, computed %.3f, tolerance %.3f", lost, want, limit)
			}
		})
	}
}

// lockedRand makes a source of random numbers safe for concurrent use.
func lockedRand(draw func() float64) func() float64 {
	var mu sync.Mutex // guards draw
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return draw()
	}
}
