package backoff

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// forever is the ceiling of a policy without a cap: about 292 years.
const forever = time.Duration(math.MaxInt64)

// longMemory is how many steps of decorrelated jitter Delay replays. A step
// multiplies by 1.1 in the geometric mean, these many by 10^10: from a
// microsecond to hours, where the cap holds it.
const longMemory = 256

// Policy is how long to wait before each new attempt. Its zero value never
// waits. A Policy is not changed by use; with a nil Rand, or one that is safe
// for concurrent use, so is the Policy. Whatever its fields and the attempt are,
// no delay is negative or overflows; whether the fields make sense, Validate
// says.
type Policy struct {
	// Base is the ceiling of the first delay; zero or more. With zero no delay
	// is ever waited.
	Base time.Duration

	// Cap is the longest delay; zero means none.
	Cap time.Duration

	// Factor is by how much the ceiling grows with each attempt; 1 or more, and
	// zero means 2.
	Factor float64

	// Jitter is how chance shapes a delay; the zero value is Full.
	Jitter Jitter

	// MaxAttempts ends Delays and Retry after so many delays; zero means no end.
	MaxAttempts int

	// Budget ends Delays and Retry before the delays together would exceed it;
	// zero means no end. It bounds the waiting and not the work in between.
	Budget time.Duration

	// Rand yields numbers of [0, 1) evenly; nil means math/rand/v2. A seeded one
	// makes delays repeatable.
	Rand func() float64
}

// Validate names every field that is out of its range.
func (p Policy) Validate() error {
	var errs []error
	if p.Base < 0 {
		errs = append(errs, fmt.Errorf("base %v is negative", p.Base))
	}
	if p.Cap < 0 {
		errs = append(errs, fmt.Errorf("cap %v is negative", p.Cap))
	}
	if p.Cap > 0 && p.Cap < p.Base {
		errs = append(errs, fmt.Errorf("cap %v is below the base %v", p.Cap, p.Base))
	}
	if p.Factor != 0 && !(p.Factor >= 1 && !math.IsInf(p.Factor, 1)) {
		errs = append(errs, fmt.Errorf("factor %v: want 1 or more", p.Factor))
	}
	if p.Jitter < Full || p.Jitter > None {
		errs = append(errs, fmt.Errorf("unknown %v", p.Jitter))
	}
	if p.MaxAttempts < 0 {
		errs = append(errs, fmt.Errorf("max attempts %d is negative", p.MaxAttempts))
	}
	if p.Budget < 0 {
		errs = append(errs, fmt.Errorf("budget %v is negative", p.Budget))
	}
	return errors.Join(errs...)
}

// Ceiling is min(Cap, Base * Factor^attempt), which no delay of Full, Equal and
// None exceeds. Attempts count from 0; a negative one counts as 0.
func (p Policy) Ceiling(attempt int) time.Duration {
	limit := p.limit()
	factor := p.Factor
	if factor == 0 {
		factor = 2
	}
	// In floating point, since 2^attempt overflows integers from 63 on.
	grown := float64(p.Base) * math.Pow(factor, float64(max(attempt, 0)))
	if p.Base <= 0 {
		return 0
	}
	switch {
	case grown < 0: // of a negative factor
		return 0
	case grown < float64(limit):
		return time.Duration(grown)
	}
	return limit // of a factor that is no number, too
}

// Delay draws the wait that follows the given attempt, counted from 0. For
// Decorrelated, whose delays hang on one another, it draws the whole way there.
func (p Policy) Delay(attempt int) time.Duration {
	if p.Jitter != Decorrelated {
		return p.shape(p.Ceiling(attempt))
	}
	var delay time.Duration
	for range min(max(attempt, 0), longMemory) + 1 {
		delay = p.decorrelate(delay)
	}
	return delay
}

// Delays yields attempt numbers from 0 and the wait that follows each, until
// MaxAttempts or Budget ends it. It never sleeps: that is the caller's part.
func (p Policy) Delays() iter.Seq2[int, time.Duration] {
	return func(yield func(int, time.Duration) bool) {
		var last, spent time.Duration
		for attempt := 0; p.MaxAttempts == 0 || attempt < p.MaxAttempts; attempt++ {
			if p.Jitter == Decorrelated {
				last = p.decorrelate(last)
			} else {
				last = p.Delay(attempt)
			}
			if p.Budget > 0 && last > p.Budget-spent {
				return
			}
			spent += last
			if !yield(attempt, last) {
				return
			}
		}
	}
}

func (p Policy) limit() time.Duration {
	if p.Cap > 0 {
		return p.Cap
	}
	return forever
}

func (p Policy) shape(ceiling time.Duration) time.Duration {
	switch p.Jitter {
	case None:
		return ceiling
	case Equal:
		return ceiling/2 + p.upTo(ceiling-ceiling/2)
	default:
		return p.upTo(ceiling)
	}
}

// decorrelate draws from base to three times the last delay, below the cap.
func (p Policy) decorrelate(last time.Duration) time.Duration {
	limit := p.limit()
	base := min(max(p.Base, 0), limit)
	top := limit
	if last = max(last, base); last < limit/3 {
		top = last * 3
	}
	return base + p.upTo(top-base)
}

func (p Policy) upTo(d time.Duration) time.Duration {
	draw := rand.Float64
	if p.Rand != nil {
		draw = p.Rand
	}
	// Near the top of the range the product rounds up past d, and a source may
	// answer what is no number of [0, 1): hold it there.
	if drawn := draw() * float64(d); drawn < float64(d) {
		return time.Duration(max(drawn, 0))
	}
	return d
}
