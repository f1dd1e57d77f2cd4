package backoff

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Jitter is the kind of randomness of a delay. Full, Equal and Decorrelated are those
// of the article "Exponential Backoff And Jitter" by Marc Brooker in the AWS
// Architecture Blog, and of the program that it links:
//
//   - https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
//   - https://github.com/aws-samples/aws-arch-backoff-simulator
//
// With c for the ceiling min(Cap, Base * Factor^attempt), and u(a, b) for a uniform
// random number from a to b, the delay is:
//
//	Equal         c/2 + u(0, c/2)
//	Full          u(0, c)
//	Decorrelated  min(Cap, u(Base, 3 * last)), where last is the last delay, and Base before the first
//	None          c
type Jitter int

const (
	// Equal is uniform between half the ceiling and the ceiling. It is the zero
	// value: where attempts are few, as the receives of a message are, a delay of
	// almost nothing wastes one.
	Equal Jitter = iota
	// Full is uniform between zero and the ceiling. It spreads clients that compete
	// for one resource best, and guarantees no delay.
	Full
	// Decorrelated is uniform between the base and three times the last delay, and
	// the cap if that is less. Factor does not apply.
	Decorrelated
	// None is the ceiling itself, for tests and for a single client.
	None
)

// String returns the name that [ParseJitter] parses.
func (j Jitter) String() string {
	switch j {
	case Full:
		return "full"
	case Equal:
		return "equal"
	case Decorrelated:
		return "decorrelated"
	case None:
		return "none"
	}
	return fmt.Sprintf("jitter(%d)", int(j))
}

// ParseJitter returns the jitter of a name: full, equal, decorrelated or none.
func ParseJitter(name string) (Jitter, error) {
	for _, j := range []Jitter{Full, Equal, Decorrelated, None} {
		if j.String() == name {
			return j, nil
		}
	}
	return Equal, fmt.Errorf("jitter %q: want full, equal, decorrelated or none", name)
}

// applyJitter applies Equal, Full or None to a ceiling.
func (p Policy) applyJitter(ceiling time.Duration) time.Duration {
	switch p.Jitter {
	case None:
		return ceiling
	case Full:
		return p.randomUpTo(ceiling)
	default:
		return ceiling/2 + p.randomUpTo(ceiling-ceiling/2)
	}
}

// decorrelatedDelay returns the delay after last, which is zero before the first. A draw
// above the cap becomes the cap.
func (p Policy) decorrelatedDelay(last time.Duration) time.Duration {
	limit := p.limit()
	base := min(max(p.Base, 0), limit)
	last = max(last, base)

	// In floating point, because three times the last delay can overflow.
	drawn := float64(base) + p.random()*(3*float64(last)-float64(base))
	if drawn < float64(limit) {
		return max(time.Duration(drawn), base)
	}

	return limit
}

// randomUpTo returns a random duration from 0 to d.
func (p Policy) randomUpTo(d time.Duration) time.Duration {
	// The product may be rounded to more than d.
	if drawn := p.random() * float64(d); drawn < float64(d) {
		return time.Duration(drawn)
	}
	return d
}

// random returns a number of Rand, limited to the range from 0 to 1. NaN becomes 1.
func (p Policy) random() float64 {
	draw := rand.Float64
	if p.Rand != nil {
		draw = p.Rand
	}
	if n := draw(); n < 1 {
		return max(n, 0)
	}
	return 1
}
