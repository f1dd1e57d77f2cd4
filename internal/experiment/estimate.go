package experiment

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/internal/simulate"
)

// summarize returns the cell of runs with the same settings.
func summarize(s Settings, runs []*simulate.Figures, p Prices) Cell {
	c := Cell{Settings: s, Seeds: len(runs)}
	var sum simulate.Figures
	dead := make([]int, len(runs))
	good := make([]int, len(runs))
	// Sums over the runs.
	for i, f := range runs {
		dead[i] = f.GoodDead
		good[i] = f.Good
		sum.Good += f.Good
		sum.Bad += f.Bad
		sum.GoodDead += f.GoodDead
		sum.Lost += f.Lost
		sum.Repeated += f.Repeated
		sum.Receives += f.Receives
		sum.Requests += f.Requests
		sum.Invocations += f.Invocations
		sum.Batches += f.Batches
		sum.Batched += f.Batched
		sum.Billed += f.Billed
		sum.BadDead = append(sum.BadDead, f.BadDead...)
		sum.GoodDone = append(sum.GoodDone, f.GoodDone...)
		sum.Wasted.BatchFailed += f.Wasted.BatchFailed
		sum.Wasted.Throttled += f.Wasted.Throttled
		sum.Wasted.VisibilityExpired += f.Wasted.VisibilityExpired
	}

	// With whole-batch failures, the messages of a batch fail together.
	together := 1
	if s.Mode == consume.WholeBatch {
		together = s.BatchSize
	}

	// Means, per message sent or per good message.
	messages := sum.Good + sum.Bad
	c.Good = sum.Good
	c.Bad = sum.Bad
	c.GoodDead = sum.GoodDead
	c.Lost = sum.Lost
	c.Share, c.Low, c.High = share(dead, good, together)
	c.Repeated = per(sum.Repeated, sum.Good)
	c.Receives = per(sum.Receives, messages)
	c.Requests = per(sum.Requests, messages)
	c.Invocations = per(sum.Invocations, messages)
	c.BatchMean = per(sum.Batched, sum.Batches)
	c.BadDead = quantiles(sum.BadDead)
	c.GoodDone = quantiles(sum.GoodDone)
	c.Wasted = Wasted{
		BatchFailed:       per(sum.Wasted.BatchFailed, sum.Good),
		Throttled:         per(sum.Wasted.Throttled, sum.Good),
		VisibilityExpired: per(sum.Wasted.VisibilityExpired, sum.Good),
	}
	c.Cost = p.cost(sum, messages)
	return c
}

// per returns n/of, or 0 if of is 0.
func per(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// z is the standard normal quantile of a two-sided 95 % interval.
const z = 1.959963984540054

// share returns Σx/Σn with its 95 % Wilson interval; x[i] of the n[i] messages of run i
// count. Messages are not independent: up to together of them fail as one batch, and
// messages of one run resemble each other (see spread). The number of messages is
// therefore divided by the design effect: the larger of together and spread.
func share(x, n []int, together int) (value, low, high float64) {
	hits := 0
	total := 0
	for i := range x {
		hits += x[i]
		total += n[i]
	}

	if total == 0 {
		return 0, 0, 0
	}

	value = float64(hits) / float64(total)
	low, high = wilson(value, float64(total)/max(1, float64(together), spread(x, n, value)))
	return value, min(low, value), max(high, value)
}

// spread returns how much more runs differ than they would with independent
// messages: Pearson's chi-squared statistic divided by its degrees of freedom. It
// is 1 if it cannot be estimated.
func spread(x, n []int, p float64) float64 {
	if len(x) < 2 || p == 0 || p == 1 {
		return 1
	}
	// Runs without messages do not count.
	sum := 0.0
	for i := range x {
		if n[i] > 0 {
			d := float64(x[i]) - float64(n[i])*p
			sum += d * d / (float64(n[i]) * p * (1 - p))
		}
	}
	return sum / float64(len(x)-1)
}

// wilson returns the Wilson score interval of a proportion p of n.
func wilson(p, n float64) (low, high float64) {
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, middle-half), min(1, middle+half)
}

// quantiles returns the quantiles of d by the nearest-rank method. It sorts d.
func quantiles(d []time.Duration) Quantiles {
	if len(d) == 0 {
		return Quantiles{}
	}
	slices.Sort(d)
	rank := func(q float64) float64 { return d[max(0, int(math.Ceil(q*float64(len(d))))-1)].Seconds() }
	return Quantiles{
		N:   len(d),
		P50: rank(0.5),
		P99: rank(0.99),
	}
}

// cost returns the cost of a million messages.
func (p Prices) cost(f simulate.Figures, messages int) Cost {
	if messages == 0 {
		return Cost{}
	}
	n := float64(messages)
	c := Cost{
		SQS:    float64(f.Requests) / n * p.SQSMillion,
		Lambda: float64(f.Invocations)/n*p.LambdaMillion + f.Billed.Seconds()*float64(p.MemoryMB)/1024*p.GBSecond/n*1e6,
	}
	c.Total = c.SQS + c.Lambda
	return c
}

// ListPrices returns the list prices of us-east-1 for x86_64, without free tiers.
func ListPrices() Prices {
	return Prices{
		Date:          "2026-06",
		SQSMillion:    0.40,
		LambdaMillion: 0.20,
		GBSecond:      0.0000166667,
		MemoryMB:      128,
	}
}

// check returns an error that names every price that is out of range.
func (p Prices) check() error {
	var errs []error
	for _, of := range []struct {
		what  string
		price float64
	}{{"SQS requests", p.SQSMillion}, {"Lambda invocations", p.LambdaMillion}, {"GB-seconds", p.GBSecond}} {
		if !(of.price >= 0) || math.IsInf(of.price, 1) {
			errs = append(errs, fmt.Errorf("price of %s %v: want 0 or more", of.what, of.price))
		}
	}
	if p.MemoryMB < 128 || p.MemoryMB > 10_240 {
		errs = append(errs, fmt.Errorf("memory %d MB: want 128 to 10240", p.MemoryMB))
	}
	return errors.Join(errs...)
}
