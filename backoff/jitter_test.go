package backoff_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/reliableq/reliableq/backoff"
)

// published simulates the pseudo-code of the AWS Architecture Blog
// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), in
// seconds and for one client. It shares no code with the package.
type published struct {
	base, cap float64
	sleep     float64 // of decorrelated jitter
	rng       *rand.Rand
}

func (s *published) between(low, high float64) float64 { return low + s.rng.Float64()*(high-low) }

func (s *published) expo(attempt int) float64 {
	return min(s.cap, math.Pow(2, float64(attempt))*s.base)
}

func (s *published) full(attempt int) float64 { return s.between(0, s.expo(attempt)) }

func (s *published) equal(attempt int) float64 {
	v := s.expo(attempt)
	return v/2 + s.between(0, v/2)
}

func (s *published) decorrelated() float64 {
	s.sleep = min(s.cap, s.between(s.base, s.sleep*3))
	return s.sleep
}

// publishedDelay returns the delay after an attempt of a new client.
func publishedDelay(rng *rand.Rand, p backoff.Policy, attempt int) float64 {
	s := published{
		base:  p.Base.Seconds(),
		cap:   p.Cap.Seconds(),
		sleep: p.Base.Seconds(),
		rng:   rng,
	}
	switch p.Jitter {
	case backoff.Full:
		return s.full(attempt)
	case backoff.Equal:
		return s.equal(attempt)
	}

	for range attempt {
		s.decorrelated()
	}
	return s.decorrelated()
}

// sample returns n sorted draws.
func sample(n int, draw func() float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = draw()
	}
	slices.Sort(out)
	return out
}

// meanAndVariance returns the mean of a sample, and the variance of one draw.
func meanAndVariance(xs []float64) (mean, variance float64) {
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		variance += (x - mean) * (x - mean) / float64(len(xs)-1)
	}
	return mean, variance
}

// share returns the share of a sorted sample that is at most x, or below x.
func share(sorted []float64, x float64) (below, atMost float64) {
	i, _ := slices.BinarySearch(sorted, x)
	j, _ := slices.BinarySearch(sorted, math.Nextafter(x, math.Inf(1)))
	return float64(i) / float64(len(sorted)), float64(j) / float64(len(sorted))
}

// sameDistribution compares the means and the quantiles of two sorted samples of equal
// size. The tolerance is 4.5 standard errors of the difference: one comparison in
// 150,000 of equal distributions exceeds it. The seeds are fixed, so the result does
// not vary.
func sameDistribution(t *testing.T, got, want []float64) {
	t.Helper()
	const errors = 4.5
	n := float64(len(got))
	// A nanosecond of rounding, in seconds, is allowed for constant draws.
	gotMean, gotVariance := meanAndVariance(got)
	wantMean, wantVariance := meanAndVariance(want)
	if d, limit := math.Abs(gotMean-wantMean), errors*math.Sqrt((gotVariance+wantVariance)/n)+1e-9; d > limit {
		t.Errorf("mean %.3f, published %.3f: they differ by more than %.3f", gotMean, wantMean, limit)
	}

	for _, q := range []float64{0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99} {
		// Compare ranks: the published value at rank q has about rank q among ours. At
		// the cap many draws are equal, and cover a range of ranks.
		value := want[int(q*n)]
		below, atMost := share(got, value)
		if limit := errors * math.Sqrt(2*q*(1-q)/n); q < below-limit || q > atMost+limit {
			t.Errorf("quantile %v: published %.3f, which has ranks %.4f to %.4f among the package's, tolerance %.4f", q, value, below, atMost, limit)
		}
	}
}

func TestJitterIsThatOfTheArticle(t *testing.T) {
	t.Parallel()
	const n = 40_000
	for _, jitter := range []backoff.Jitter{backoff.Full, backoff.Equal, backoff.Decorrelated} {
		for _, attempt := range []int{0, 1, 2, 3, 5, 8, 50} {
			t.Run(fmt.Sprint(jitter, attempt), func(t *testing.T) {
				t.Parallel()
				p := backoff.Policy{
					Base:   time.Second,
					Cap:    time.Minute,
					Jitter: jitter,
					Rand:   rand.New(rand.NewPCG(1, uint64(attempt))).Float64,
				}
				rng := rand.New(rand.NewPCG(2, uint64(attempt)))

				got := sample(n, func() float64 { return p.Delay(attempt).Seconds() })
				want := sample(n, func() float64 { return publishedDelay(rng, p, attempt) })
				sameDistribution(t, got, want)

				// The share of draws that are the cap exactly.
				gotBelow, _ := share(got, p.Cap.Seconds())
				wantBelow, _ := share(want, p.Cap.Seconds())
				if math.Abs(gotBelow-wantBelow) > 4.5*math.Sqrt(0.5/n) {
					t.Errorf("%.4f of the delays are at the cap, published %.4f", 1-gotBelow, 1-wantBelow)
				}
			})
		}
	}
}

// The delays of one client depend on each other. Compare a difference of two, which
// the distributions of single delays do not determine.
func TestDecorrelatedDelaysDependOnEachOtherAsInTheArticle(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{
		Base:        time.Second,
		Cap:         time.Minute,
		Jitter:      backoff.Decorrelated,
		MaxAttempts: 5,
		Rand:        rand.New(rand.NewPCG(3, 1)).Float64,
	}
	got := sample(40_000, func() float64 {
		var delays []float64
		for _, delay := range p.Delays() {
			delays = append(delays, delay.Seconds())
		}
		return delays[3] - delays[2]
	})

	rng := rand.New(rand.NewPCG(3, 2))
	want := sample(40_000, func() float64 {
		s := published{base: 1, cap: 60, sleep: 1, rng: rng}
		s.decorrelated()
		s.decorrelated()
		third := s.decorrelated()
		return s.decorrelated() - third
	})
	sameDistribution(t, got, want)
}

// At the cap, the published mean is about 33.5 s with a base of 1 s and a cap of 1 min.
func TestDecorrelatedMeanAtTheCap(t *testing.T) {
	t.Parallel()
	p := backoff.Policy{Base: time.Second, Cap: time.Minute, Jitter: backoff.Decorrelated, Rand: rand.New(rand.NewPCG(4, 4)).Float64}
	mean, variance := meanAndVariance(sample(20_000, func() float64 { return p.Delay(60).Seconds() }))
	if limit := 4.5*math.Sqrt(variance/20_000) + 0.5; math.Abs(mean-33.5) > limit {
		t.Errorf("mean %.2f s, want 33.5 s within %.2f s", mean, limit)
	}
}

func TestParseJitter(t *testing.T) {
	t.Parallel()
	for _, j := range []backoff.Jitter{backoff.Full, backoff.Equal, backoff.Decorrelated, backoff.None} {
		t.Run(fmt.Sprint(j), func(t *testing.T) {
			if got, err := backoff.ParseJitter(j.String()); got != j || err != nil {
				t.Errorf("%v became %v, %v", j, got, err)
			}
		})
	}
	if _, err := backoff.ParseJitter("some"); err == nil {
		t.Error("an unknown name was parsed")
	}
	var zero backoff.Jitter
	if zero != backoff.Equal {
		t.Errorf("the zero value is %v", zero)
	}
}
