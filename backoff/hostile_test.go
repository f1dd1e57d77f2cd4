package backoff_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/backoff"
)

// oddFloats are invalid or extreme numbers.
var oddFloats = rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{
	math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, -0.5, 0.5, 1, 2, math.MaxFloat64, math.SmallestNonzeroFloat64,
}))

// With any fields of a policy, valid or not, any random source and any attempt: no
// delay is negative or exceeds the cap, and rates are from 0 to 1.
func TestDelayIsInRangeForAnyPolicy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		durations := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, int64(time.Second), 1<<62 + 513}))
		p := backoff.Policy{
			Base: time.Duration(durations.Draw(t, "base")), Cap: time.Duration(durations.Draw(t, "cap")), Factor: oddFloats.Draw(t, "factor"),
			Jitter: backoff.Jitter(rapid.IntRange(-1, 5).Draw(t, "jitter")), Budget: time.Duration(durations.Draw(t, "budget")),
			MaxAttempts: rapid.OneOf(rapid.IntRange(-2, 20), rapid.SampledFrom([]int{math.MinInt, math.MaxInt})).Draw(t, "attempts"),
			Rand:        func() float64 { return oddFloats.Draw(t, "random") },
		}
		attempt := rapid.OneOf(rapid.Int(), rapid.SampledFrom([]int{math.MinInt, -1, 0, 1, 62, 63, 64, 1e9, math.MaxInt})).Draw(t, "attempt")
		check := func(what string, d time.Duration) {
			if d < 0 || p.Cap > 0 && d > p.Cap {
				t.Fatalf("%s %v of %+v", what, d, p)
			}
		}
		check("ceiling", p.Ceiling(attempt))
		if survives := p.Survives(attempt); survives < 0 || survives > 0 && p.Validate() != nil {
			t.Fatalf("%+v survives %v", p, survives)
		}
		outage := time.Duration(durations.Draw(t, "outage"))
		if rate := p.SurvivalRate(min(attempt, 20), outage); !(rate >= 0 && rate <= 1) {
			t.Fatalf("a rate of %v survives %v with %+v", rate, outage, p)
		}
		if p.Jitter == backoff.Decorrelated {
			attempt = min(attempt, 8) // a delay needs many random numbers
		}
		check("delay", p.Delay(attempt))
		n := 0
		for _, d := range p.Delays() {
			if check("walked delay", d); n > 20 {
				break
			}
			n++
		}
	})
}
