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

// summarize makes a cell of the figures of its runs.
func summarize(s Settings, runs []*simulate.Figures, p Prices) Cell {
	c := Cell{Settings: s, Seeds: len(runs)}
	var sum simulate.Figures
	dead, good := make([]int, len(runs)), make([]int, len(runs))
	for i, f := range runs {
		dead[i], good[i] = f.GoodDead, f.Good
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
		sum.Wasted.Neighbour += f.Wasted.Neighbour
		sum.Wasted.Throttled += f.Wasted.Throttled
		sum.Wasted.Overtaken += f.Wasted.Overtaken
	}
	together := 1
	if s.Mode == consume.WholeBatch {
		together = s.BatchSize
	}
	messages := sum.Good + sum.Bad
	c.Good, c.Bad, c.GoodDead, c.Lost = sum.Good, sum.Bad, sum.GoodDead, sum.Lost
	c.Share, c.Low, c.High = share(dead, good, together)
	c.Repeated = per(sum.Repeated, sum.Good)
	c.Receives, c.Requests, c.Invocations = per(sum.Receives, messages), per(sum.Requests, messages), per(sum.Invocations, messages)
	c.BatchMean = per(sum.Batched, sum.Batches)
	c.BadDead, c.GoodDone = quantiles(sum.BadDead), quantiles(sum.GoodDone)
	c.Wasted = Wasted{per(sum.Wasted.Neighbour, sum.Good), per(sum.Wasted.Throttled, sum.Good), per(sum.Wasted.Overtaken, sum.Good)}
	c.Cost = p.cost(sum, messages)
	return c
}

func per(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// z is the standard normal quantile of a two-sided 95 % interval.
const z = 1.959963984540054

// share is Σx/Σn with its 95 % Wilson interval. Messages share their fate: with
// the neighbours in their batch, of which there are up to together, and with the
// rest of their run, by as much as runs are seen to differ. So they count for
// fewer than they are, the larger of both times.
func share(x, n []int, together int) (value, low, high float64) {
	hits, total := 0, 0
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

// spread is how much more runs differ than independent messages would have them
// differ: Pearson's statistic over its degrees of freedom.
func spread(x, n []int, p float64) float64 {
	if len(x) < 2 || p == 0 || p == 1 {
		return 1
	}
	sum := 0.0
	for i := range x {
		if n[i] > 0 {
			d := float64(x[i]) - float64(n[i])*p
			sum += d * d / (float64(n[i]) * p * (1 - p))
		}
	}
	return sum / float64(len(x)-1)
}

// wilson is the score interval of a proportion p of n.
func wilson(p, n float64) (low, high float64) {
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, middle-half), min(1, middle+half)
}

// quantiles are those of durations, by the nearest rank.
func quantiles(d []time.Duration) Quantiles {
	if len(d) == 0 {
		return Quantiles{}
	}
	slices.Sort(d)
	rank := func(q float64) float64 { return d[max(0, int(math.Ceil(q*float64(len(d))))-1)].Seconds() }
	return Quantiles{N: len(d), P50: rank(0.5), P99: rank(0.99)}
}

// cost is that of a million messages.
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

// ListPrices are those of us-east-1, for x86_64, without free tiers.
func ListPrices() Prices {
	return Prices{Date: "2026-06", SQSMillion: 0.40, LambdaMillion: 0.20, GBSecond: 0.0000166667, MemoryMB: 128}
}

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
