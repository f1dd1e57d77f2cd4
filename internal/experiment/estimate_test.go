package experiment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/internal/simulate"
)

func TestWilsonInterval(t *testing.T) {
	t.Parallel()
	// Brown, Cai and DasGupta (2001) give the interval in closed form; these are
	// computed by hand from it.
	for _, tt := range []struct {
		name         string
		p, n         float64
		low, high    float64
		withinDigits float64
	}{
		{"none of ten", 0, 10, 0, 0.27753, 1e-5},
		{"half of ten", 0.5, 10, 0.23659, 0.76341, 1e-5},
		{"all of ten", 1, 10, 0.72247, 1, 1e-5},
		{"one in a hundred of 10,000", 0.01, 10_000, 0.00823, 0.01215, 1e-5},
		{"none of a million", 0, 1e6, 0, 3.8414e-6, 1e-9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			low, high := wilson(tt.p, tt.n)
			if math.Abs(low-tt.low) > tt.withinDigits || math.Abs(high-tt.high) > tt.withinDigits {
				t.Errorf("[%v %v], want [%v %v]", low, high, tt.low, tt.high)
			}
		})
	}
}

// In runs whose messages fail by batches, the interval contains the true share in at
// least 95 of 100 cases. An interval that assumes independent messages would not: the
// test computes it for comparison.
func TestIntervalsContainTheTrueShare(t *testing.T) {
	t.Parallel()
	const trials, seeds, batches, together = 2000, 5, 200, 5
	chance := rand.New(rand.NewPCG(1, 2))
	for _, p := range []float64{0.002, 0.02, 0.2} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			held, naive := 0, 0
			for range trials {
				x, n := make([]int, seeds), make([]int, seeds)
				for i := range seeds {
					for range batches {
						n[i] += together
						if chance.Float64() < p {
							x[i] += together
						}
					}
				}
				if _, low, high := share(x, n, together); low <= p && p <= high {
					held++
				}
				if _, low, high := share(x[:1], n[:1], 1); low <= p && p <= high {
					naive++
				}
			}
			if held < trials*95/100 {
				t.Errorf("share %v: contained in %d of %d intervals", p, held, trials)
			}
			if p > 0.01 && naive >= trials*90/100 {
				t.Errorf("share %v: the naive interval contains it in %d of %d: the test is not effective", p, naive, trials)
			}
		})
	}
}

// Runs that differ more than randomly make the interval wider.
func TestVariationBetweenRunsWidensTheInterval(t *testing.T) {
	t.Parallel()
	n := []int{1000, 1000, 1000, 1000}
	_, low, high := share([]int{100, 100, 100, 100}, n, 1)
	_, wideLow, wideHigh := share([]int{10, 200, 0, 190}, n, 1)
	if wideLow >= low || wideHigh <= high {
		t.Errorf("[%v %v] of similar runs, [%v %v] of different ones", low, high, wideLow, wideHigh)
	}
}

func TestSharesAreWithinTheirIntervals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(0, 6).Draw(t, "runs")
		x, n, hits, total := make([]int, k), make([]int, k), 0, 0
		for i := range k {
			n[i] = rapid.IntRange(0, 10_000).Draw(t, "n")
			x[i] = rapid.IntRange(0, n[i]).Draw(t, "x")
			hits, total = hits+x[i], total+n[i]
		}
		value, low, high := share(x, n, rapid.IntRange(1, 100).Draw(t, "together"))
		if !(0 <= low && low <= value && value <= high && high <= 1) {
			t.Fatalf("%v [%v %v]", value, low, high)
		}
		if total > 0 && (value != float64(hits)/float64(total) || high == 0 || low == 1) {
			t.Fatalf("%v [%v %v] of %d/%d", value, low, high, hits, total)
		}
	})
}

func TestQuantilesUseTheNearestRank(t *testing.T) {
	t.Parallel()
	seconds := func(from, to int) (d []time.Duration) {
		for i := to; i >= from; i-- {
			d = append(d, time.Duration(i)*time.Second)
		}
		return d
	}
	for _, tt := range []struct {
		name string
		d    []time.Duration
		want Quantiles
	}{
		{"none", nil, Quantiles{}},
		{"one", seconds(7, 7), Quantiles{1, 7, 7}},
		{"two", seconds(1, 2), Quantiles{2, 1, 2}},
		{"a hundred", seconds(1, 100), Quantiles{100, 50, 99}},
		{"a thousand", seconds(1, 1000), Quantiles{1000, 500, 990}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := quantiles(tt.d); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestCostsOfAMillionMessages(t *testing.T) {
	t.Parallel()
	p := Prices{SQSMillion: 0.4, LambdaMillion: 0.2, GBSecond: 0.0000166667, MemoryMB: 1024}
	// 10 messages: 5 requests, 2 invocations, 3 s with 1 GB.
	got := p.cost(simulate.Figures{Requests: 5, Invocations: 2, Billed: 3 * time.Second}, 10)
	if want := (Cost{SQS: 0.2, Lambda: 0.04 + 5.00001}); math.Abs(got.SQS-want.SQS) > 1e-9 || math.Abs(got.Lambda-want.Lambda) > 1e-9 || got.Total != got.SQS+got.Lambda {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := p.cost(simulate.Figures{}, 0); got != (Cost{}) {
		t.Errorf("%+v without messages", got)
	}
}
