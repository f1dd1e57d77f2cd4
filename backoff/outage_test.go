package backoff_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/backoff"
)

// outlasts simulates a message that is first received when an outage begins. It
// reports whether one of its receives is after the outage. After each failed receive,
// delay returns how long the message waits.
func outlasts(receives int, outage time.Duration, delay func(receiveCount int) time.Duration) bool {
	var now time.Duration
	for count := 1; count <= receives; count++ {
		if now >= outage {
			return true
		}
		now += delay(count)
	}
	return false
}

// patient is the policy of docs/sqsbatch.md.
func patient(j backoff.Jitter) backoff.Policy {
	return backoff.Policy{Base: 10 * time.Second, Cap: time.Hour, Jitter: j}
}

func TestSurvives(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		policy   backoff.Policy
		receives int
		want     time.Duration
	}{
		{"Equal", patient(backoff.Equal), 5, 75 * time.Second}, // (10+20+40+80)/2
		{"EqualWithTenReceives", patient(backoff.Equal), 10, 2555 * time.Second},
		{"EqualAtTheCap", backoff.Policy{Base: 10 * time.Second, Cap: 20 * time.Second}, 6, 45 * time.Second},
		{"None", patient(backoff.None), 5, 150 * time.Second},
		{"Full", patient(backoff.Full), 1000, 0},
		{"Decorrelated", patient(backoff.Decorrelated), 10, 90 * time.Second},
		{"Factor", backoff.Policy{Base: time.Second, Factor: 3, Jitter: backoff.None}, 4, 13 * time.Second},
		{"OneReceive", patient(backoff.Equal), 1, 0},
		{"NoReceive", patient(backoff.Equal), 0, 0},
		{"NegativeReceives", patient(backoff.Equal), math.MinInt, 0},
		{"MoreThanSQSAllows", backoff.Policy{Base: time.Second, Factor: 1, Jitter: backoff.None}, math.MaxInt, 999 * time.Second},
		{"WithoutACap", backoff.Policy{Base: time.Second}, 1000, math.MaxInt64},
		{"AttemptsAndBudgetDoNotApply", backoff.Policy{Base: time.Second, Jitter: backoff.None, MaxAttempts: 2, Budget: 1}, 4, 7 * time.Second},
		{"InvalidPolicy", backoff.Policy{Base: time.Second, Cap: 1}, 10, 0},
		{"ZeroPolicy", backoff.Policy{}, 10, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.policy.Survives(tt.receives); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// With any random numbers, no message is lost in an outage of this length. With the
// worst ones, a message is lost in a slightly longer outage.
func TestSurvivesIsTheShortestTimeOfAllReceives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := policies(t)
		receives := rapid.IntRange(2, 40).Draw(t, "receives")
		outage := p.Survives(receives)
		if outage < 0 {
			t.Fatalf("%v", outage)
		}
		if p.Survives(receives+1) < outage {
			t.Fatalf("one more receive survives less than %v", outage)
		}

		delay := func(count int) time.Duration { return min(p.Delay(count-1), math.MaxInt64/100) }
		if outage < math.MaxInt64/100 && !outlasts(receives, outage, delay) {
			t.Fatalf("a message did not survive %v", outage)
		}
		p.Rand = func() float64 { return 0 }
		if outage < math.MaxInt64/1000 && outlasts(receives, outage+1, delay) {
			t.Fatalf("%v is not the longest outage", outage)
		}
	})
}

// simulatedRate returns the share of n messages that survive an outage. It uses the
// published pseudo-code, not the package; each receive is by a new client, as in SQS.
func simulatedRate(n int, p backoff.Policy, receives int, outage time.Duration) float64 {
	rng := rand.New(rand.NewPCG(5, uint64(receives)))
	survived := 0
	for range n {
		if outlasts(receives, outage, func(count int) time.Duration {
			return time.Duration(publishedDelay(rng, p, count-1) * float64(time.Second))
		}) {
			survived++
		}
	}
	return float64(survived) / float64(n)
}

// The tolerance is 4.5 standard errors of the simulation, and the documented error.
func TestSurvivalRateIsThatOfASimulation(t *testing.T) {
	t.Parallel()
	const n = 10_000
	policies := []backoff.Policy{
		patient(backoff.Full), patient(backoff.Equal), patient(backoff.Decorrelated),
		{Base: time.Second, Cap: time.Minute, Jitter: backoff.Full},
		{Base: time.Second, Cap: time.Minute, Jitter: backoff.Equal},
		{Base: time.Second, Cap: time.Minute, Jitter: backoff.Decorrelated},
		{Base: time.Minute, Cap: 90 * time.Second, Jitter: backoff.Decorrelated},
		{Base: time.Minute, Cap: time.Minute, Jitter: backoff.Full},
	}
	for _, p := range policies {
		for _, receives := range []int{2, 3, 5, 10} {
			t.Run(fmt.Sprint(p.Base, p.Cap, p.Jitter, receives), func(t *testing.T) {
				t.Parallel()
				ceilings := p
				ceilings.Jitter = backoff.None
				longest := ceilings.Survives(receives)
				for _, share := range []float64{0.1, 0.3, 0.5, 0.6, 0.75, 0.9, 1.1} {
					outage := time.Duration(share * float64(longest))
					got, want := p.SurvivalRate(receives, outage), simulatedRate(n, p, receives, outage)
					if limit := 4.5*math.Sqrt(want*(1-want)/n) + 0.002; math.Abs(got-want) > limit {
						t.Errorf("outage %v: %.4f survive, simulated %.4f, tolerance %.4f", outage, got, want, limit)
					}
				}
			})
		}
	}
}

// The sum of k uniform numbers has a known distribution, that of Irwin and Hall.
func TestSurvivalRateOfEqualCeilingsIsExact(t *testing.T) {
	t.Parallel()
	irwinHall := func(k int, x float64) float64 {
		var p float64
		binomial, sign, factorial := 1.0, 1.0, 1.0
		for i := 1; i <= k; i++ {
			factorial *= float64(i)
		}
		for i := 0; float64(i) <= x; i++ {
			p += sign * binomial * math.Pow(x-float64(i), float64(k)) / factorial
			sign = -sign
			binomial *= float64(k-i) / float64(i+1)
		}
		return p
	}

	p := backoff.Policy{Base: time.Minute, Factor: 1, Jitter: backoff.Full}
	for k := 1; k <= 9; k++ {
		for x := 0.1; x < float64(k); x += 0.3 {
			got, want := p.SurvivalRate(k+1, time.Duration(x*float64(time.Minute))), 1-irwinHall(k, x)
			if math.Abs(got-want) > 1e-4 {
				t.Errorf("%d delays, %.1f of one: %.6f survive, want %.6f", k, x, got, want)
			}
		}
	}
}

func TestSurvivalRateAtItsLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		policy   backoff.Policy
		receives int
		outage   time.Duration
		want     float64
	}{
		{"NoOutage", patient(backoff.Full), 1, 0, 1},
		{"NegativeOutage", patient(backoff.Full), 1, -1, 1},
		{"OneReceive", patient(backoff.Full), 1, 1, 0},
		{"Guaranteed", patient(backoff.Equal), 10, 2555 * time.Second, 1},
		{"LongerThanAllDelays", patient(backoff.Full), 10, 5111 * time.Second, 0},
		{"NoneJustLongEnough", patient(backoff.None), 5, 150 * time.Second, 1},
		{"NoneTooLong", patient(backoff.None), 5, 150*time.Second + 1, 0},
		// Base and cap are such that half of the delays are the cap.
		{"AllDelaysAtTheCap", backoff.Policy{Base: 10 * time.Second, Cap: 20 * time.Second, Jitter: backoff.Decorrelated}, 2, 20 * time.Second, 0.5},
		{"ConstantDelay", backoff.Policy{Base: 10, Cap: 10, Jitter: backoff.Decorrelated}, 3, 20, 1},
		{"ConstantDelayTooShort", backoff.Policy{Base: 10, Cap: 10, Jitter: backoff.Decorrelated}, 3, 21, 0},
		{"InvalidPolicy", backoff.Policy{Base: -1}, 10, time.Hour, 0},
		{"CapOfANanosecond", backoff.Policy{Base: 1, Cap: 1, Jitter: backoff.Decorrelated}, 1000, math.MaxInt64, 0},
		{"AllReceivesAtTheCap", backoff.Policy{Base: 10, Cap: 11, Jitter: backoff.Decorrelated}, math.MaxInt, 11_000, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.policy.SurvivalRate(tt.receives, tt.outage); math.Abs(got-tt.want) > 1e-6 {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// More receives or a shorter outage never lower the rate, which is from 0 to 1.
func TestSurvivalRateIsARate(t *testing.T) {
	t.Parallel()
	const rounding = 1e-3
	rapid.Check(t, func(t *rapid.T) {
		p := policies(t)
		receives := rapid.IntRange(0, 8).Draw(t, "receives")
		outage := rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, int64(24*time.Hour))).Draw(t, "outage")
		rate := p.SurvivalRate(receives, time.Duration(outage))
		if !(rate >= 0 && rate <= 1) {
			t.Fatalf("rate %v", rate)
		}
		if more := p.SurvivalRate(receives+1, time.Duration(outage)); more < rate-rounding {
			t.Fatalf("rate %v, with one more receive %v", rate, more)
		}
		if shorter := p.SurvivalRate(receives, time.Duration(outage-outage/4)); outage > 0 && shorter < rate-rounding {
			t.Fatalf("rate %v, in a shorter outage %v", rate, shorter)
		}
	})
}
