package backoff_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/backoff"
)

// policies draws any valid policy, the extremes included.
func policies(t *rapid.T) backoff.Policy {
	base := rapid.OneOf(rapid.Int64Range(1, int64(time.Hour)), rapid.Int64Range(1, math.MaxInt64)).Draw(t, "base")
	limit := int64(0)
	if rapid.Bool().Draw(t, "capped") {
		limit = rapid.Int64Range(base, math.MaxInt64).Draw(t, "cap")
	}
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	return backoff.Policy{
		Base: time.Duration(base), Cap: time.Duration(limit),
		Factor: rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(1, 1e6)).Draw(t, "factor"),
		Jitter: rapid.SampledFrom([]backoff.Jitter{backoff.Full, backoff.Equal, backoff.Decorrelated, backoff.None}).Draw(t, "jitter"),
		Rand:   rng.Float64,
	}
}

func TestDelayIsWithinItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := policies(t)
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		attempt := rapid.IntRange(-1, 5000).Draw(t, "attempt")
		delay, ceiling := p.Delay(attempt), p.Ceiling(attempt)
		low, high := time.Duration(0), ceiling
		switch p.Jitter {
		case backoff.None:
			low = ceiling
		case backoff.Equal:
			low = ceiling / 2
		case backoff.Decorrelated:
			low, high = p.Base, time.Duration(math.MaxInt64)
			if p.Cap > 0 {
				high = p.Cap
			}
		}
		if delay < low || delay > high {
			t.Fatalf("delay %v after attempt %d: want %v to %v", delay, attempt, low, high)
		}
	})
}

func TestCeilingGrowsUpToTheCap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := policies(t)
		attempt := rapid.IntRange(0, 200).Draw(t, "attempt")
		if now, next := p.Ceiling(attempt), p.Ceiling(attempt+1); next < now || p.Cap > 0 && next > p.Cap {
			t.Fatalf("ceilings %v and %v under a cap of %v", now, next, p.Cap)
		}
	})
}

func TestCeilingsAreBaseTimesAPowerOfTheFactor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		policy  backoff.Policy
		attempt int
		want    time.Duration
	}{
		{backoff.Policy{}, 5, 0},
		{backoff.Policy{Base: -time.Second}, 5, 0},
		{backoff.Policy{Base: time.Second}, -3, time.Second},
		{backoff.Policy{Base: time.Second}, 0, time.Second},
		{backoff.Policy{Base: time.Second}, 3, 8 * time.Second},
		{backoff.Policy{Base: time.Second, Cap: 5 * time.Second}, 3, 5 * time.Second},
		{backoff.Policy{Base: time.Second, Factor: 1}, 9, time.Second},
		{backoff.Policy{Base: time.Second, Factor: 1.5}, 2, 2250 * time.Millisecond},
		{backoff.Policy{Base: time.Second}, 62, time.Duration(math.MaxInt64)},
		{backoff.Policy{Base: time.Second}, math.MaxInt, time.Duration(math.MaxInt64)},
	} {
		t.Run(fmt.Sprint(tt.policy), func(t *testing.T) {
			if got := tt.policy.Ceiling(tt.attempt); got != tt.want {
				t.Errorf("%+v: attempt %d: %v, want %v", tt.policy, tt.attempt, got, tt.want)
			}
		})
	}
}

// draws returns many delays in units of d, sorted.
func draws(p backoff.Policy, attempt int, d time.Duration) []float64 {
	p.Rand = rand.New(rand.NewPCG(1, 2)).Float64
	out := make([]float64, 20_000)
	for i := range out {
		out[i] = float64(p.Delay(attempt)) / float64(d)
	}
	slices.Sort(out)
	return out
}

// distance returns the Kolmogorov-Smirnov distance of sorted delays from a
// distribution: the widest gap between the two cumulative functions.
func distance(sorted []float64, cdf func(float64) float64) float64 {
	var widest float64
	n := float64(len(sorted))
	for i, x := range sorted {
		widest = max(widest, math.Abs(cdf(x)-float64(i)/n), math.Abs(cdf(x)-float64(i+1)/n))
	}
	return widest
}

func uniform(low, high float64) func(float64) float64 {
	return func(x float64) float64 { return min(max((x-low)/(high-low), 0), 1) }
}

// The random source is seeded, so that the result does not vary. Of correct delays, 1
// in 1000 sets would exceed 1.95/sqrt(n).
func TestJitterHasItsDistribution(t *testing.T) {
	t.Parallel()
	base := backoff.Policy{Base: time.Second, Cap: time.Minute}
	withJitter := func(j backoff.Jitter) backoff.Policy { p := base; p.Jitter = j; return p }
	limit := 1.95 / math.Sqrt(20_000)
	for _, tt := range []struct {
		name    string
		policy  backoff.Policy
		attempt int
		cdf     func(float64) float64
	}{
		{"Full", withJitter(backoff.Full), 2, uniform(0, 4)},
		{"FullAtTheCap", withJitter(backoff.Full), 50, uniform(0, 60)},
		{"Equal", withJitter(backoff.Equal), 3, uniform(4, 8)},
		{"DecorrelatedFirst", withJitter(backoff.Decorrelated), 0, uniform(1, 3)},
		// The second is uniform from 1 to 3x, x uniform from 1 to 3:
		// P(y) is the mean over x of (y-1)/(3x-1), cut at 1.
		{"DecorrelatedSecond", withJitter(backoff.Decorrelated), 1, func(y float64) float64 {
			if y <= 1 {
				return 0
			}
			edge := min(max(y/3, 1), 3) // below it every delay is less than y
			return ((edge - 1) + (y-1)/3*math.Log((3*3-1)/(3*edge-1))) / 2
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := distance(draws(tt.policy, tt.attempt, time.Second), tt.cdf); d > limit {
				t.Errorf("distance %.4f, allowed %.4f", d, limit)
			}
		})
	}
}

// Delays draws as Delay does at each attempt.
func TestDecorrelatedDelaysHaveTheDistributionOfDelay(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{Base: time.Second, Cap: time.Minute, Jitter: backoff.Decorrelated, Rand: rand.New(rand.NewPCG(3, 4)).Float64}
	var walked []float64
	for range 20_000 {
		for attempt, delay := range p.Delays() {
			if attempt == 3 {
				walked = append(walked, delay.Seconds())
				break
			}
		}
	}
	slices.Sort(walked)
	drawn := draws(p, 3, time.Second)
	empirical := func(x float64) float64 {
		n, _ := slices.BinarySearch(drawn, math.Nextafter(x, math.Inf(1)))
		return float64(n) / float64(len(drawn))
	}
	if d := distance(walked, empirical); d > 1.95*math.Sqrt(2.0/20_000) {
		t.Errorf("distance %.4f", d)
	}
}

func TestDelaysEndWithAttemptsOrBudget(t *testing.T) {
	t.Parallel()
	walk := func(p backoff.Policy) []time.Duration {
		var out []time.Duration
		for attempt, delay := range p.Delays() {
			if attempt != len(out) {
				t.Errorf("attempt %d after %d delays", attempt, len(out))
			}
			if out = append(out, delay/time.Second); len(out) == 6 {
				break
			}
		}
		return out
	}
	for _, tt := range []struct {
		policy backoff.Policy
		want   []time.Duration
	}{
		{backoff.Policy{}, []time.Duration{1, 2}}, // DefaultMaxAttempts
		{backoff.Policy{MaxAttempts: 1}, nil},
		{backoff.Policy{MaxAttempts: 4}, []time.Duration{1, 2, 4}},
		{backoff.Policy{MaxAttempts: 4, Budget: 3 * time.Second}, []time.Duration{1, 2}},
		{backoff.Policy{MaxAttempts: backoff.Unlimited, Budget: 7 * time.Second}, []time.Duration{1, 2, 4}},
		{backoff.Policy{MaxAttempts: backoff.Unlimited, Budget: 6999 * time.Millisecond}, []time.Duration{1, 2}},
		{backoff.Policy{MaxAttempts: backoff.Unlimited, Budget: time.Millisecond}, nil},
		{backoff.Policy{MaxAttempts: backoff.Unlimited, Cap: 3 * time.Second}, []time.Duration{1, 2, 3, 3, 3, 3}},
		{backoff.Policy{MaxAttempts: backoff.Unlimited, Cap: time.Millisecond}, nil}, // invalid
	} {
		t.Run(fmt.Sprint(tt.policy), func(t *testing.T) {
			tt.policy.Base, tt.policy.Jitter = time.Second, backoff.None
			if diff := cmp.Diff(tt.want, walk(tt.policy)); diff != "" {
				t.Errorf("%+v: %s", tt.policy, diff)
			}
		})
	}
}

func TestDelaysNeverExceedTheBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := policies(t)
		p.Budget = time.Duration(rapid.Int64Range(1, math.MaxInt64).Draw(t, "budget"))
		p.MaxAttempts = rapid.IntRange(1, 50).Draw(t, "attempts")
		left, n := p.Budget, 0
		for _, delay := range p.Delays() {
			left, n = left-delay, n+1
		}
		if left < 0 || n > p.MaxAttempts-1 {
			t.Fatalf("%v of the budget left after %d delays", left, n)
		}
	})
}

func TestValidateNamesInvalidFields(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]backoff.Policy{
		"base 0s":        {},
		"base -1ns":      {Base: -1},
		"cap":            {Base: 1, Cap: -1},
		"below the base": {Base: 2, Cap: 1},
		"factor":         {Base: 1, Factor: 0.5},
		"factor -2":      {Base: 1, Factor: -2},
		"factor NaN":     {Base: 1, Factor: math.NaN()},
		"factor +Inf":    {Base: 1, Factor: math.Inf(1)},
		"jitter":         {Base: 1, Jitter: 9},
		"max attempts":   {Base: 1, MaxAttempts: -2},
		"budget":         {Base: 1, Budget: -1},
	} {
		t.Run(want, func(t *testing.T) {
			if err := p.Validate(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v, want one that names %s", p, err, want)
			}
		})
	}
	for _, valid := range []backoff.Policy{{Base: 1}, {Base: 1, MaxAttempts: backoff.Unlimited}, {Base: 1, MaxAttempts: 1, Cap: 1, Factor: 1, Budget: 1}} {
		if err := valid.Validate(); err != nil {
			t.Error(err)
		}
	}
}
