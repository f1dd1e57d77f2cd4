package backoff

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"time"
)

// forever is the cap of a policy without one: about 292 years.
const forever = time.Duration(math.MaxInt64)

// maxSteps bounds the steps of decorrelated jitter that Delay simulates. A step
// multiplies the delay by 1.1 in the geometric mean, and maxSteps of them by 10^10,
// from a microsecond to hours, where the cap is reached.
const maxSteps = 256

const (
	// DefaultMaxAttempts is the number of attempts of a policy whose MaxAttempts is
	// zero: 3, as in the AWS SDK.
	DefaultMaxAttempts = 3
	// Unlimited is the MaxAttempts of a policy that does not limit attempts.
	Unlimited = -1
)

// Policy determines how long to wait before each new attempt. A valid policy has at
// least a Base; the zero value is not valid. Methods do not modify a Policy. It is
// safe for concurrent use if Rand is nil or safe for concurrent use. With any fields,
// valid or not, and any attempt, no delay is negative or overflows.
type Policy struct {
	// Base is the ceiling of the first delay; more than zero. Delay and Ceiling
	// return zero for a policy whose Base is zero or less.
	Base time.Duration

	// Cap is the longest delay; zero means no cap.
	Cap time.Duration

	// Factor is the factor between the ceilings of two attempts; 1 or more. Zero
	// means 2.
	Factor float64

	// Jitter is the kind of jitter; the zero value is Equal.
	Jitter Jitter

	// MaxAttempts is the number of attempts in all, including the first, as in the
	// AWS SDK: 1 means no retry. Zero means DefaultMaxAttempts, and Unlimited means
	// no limit. It applies to Delays and Retry.
	MaxAttempts int

	// Budget is the sum of delays that Delays and Retry do not exceed; zero means
	// no limit. It does not include the time of the attempts, and it does not
	// replace MaxAttempts: set that to Unlimited for a limit of time only.
	Budget time.Duration

	// Rand returns uniform random numbers in [0, 1); nil means those of
	// math/rand/v2. A seeded source makes delays repeatable.
	Rand func() float64
}

// Validate returns an error that names every field that is out of range, or nil.
func (p Policy) Validate() error {
	var errs []error
	if p.Base <= 0 {
		errs = append(errs, fmt.Errorf("base %v: want more than 0", p.Base))
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
	if p.Jitter < Equal || p.Jitter > None {
		errs = append(errs, fmt.Errorf("unknown %v", p.Jitter))
	}
	if p.MaxAttempts < Unlimited {
		errs = append(errs, fmt.Errorf("max attempts %d: want 1 or more, 0 for %d, or %d for no limit", p.MaxAttempts, DefaultMaxAttempts, Unlimited))
	}
	if p.Budget < 0 {
		errs = append(errs, fmt.Errorf("budget %v is negative", p.Budget))
	}

	return errors.Join(errs...)
}

// Ceiling returns min(Cap, Base * Factor^attempt), the longest delay after an attempt
// with Full, Equal and None. Attempts count from 0; a negative one counts as 0.
func (p Policy) Ceiling(attempt int) time.Duration {
	limit := p.limit()
	factor := p.Factor
	if factor == 0 {
		factor = 2
	}

	// In floating point, because 2^attempt overflows an int64 from 63 on.
	grown := float64(p.Base) * math.Pow(factor, float64(max(attempt, 0)))
	if p.Base <= 0 {
		return 0
	}

	switch {
	case grown < 0: // a negative factor
		return 0
	case grown < float64(limit):
		return time.Duration(grown)
	}

	return limit // also if the factor is NaN
}

// Delay returns a random delay after the given attempt, counted from 0. With
// Decorrelated, each delay depends on the one before: Delay then computes a random
// sequence of delays up to this attempt.
func (p Policy) Delay(attempt int) time.Duration {
	if p.Jitter != Decorrelated {
		return p.applyJitter(p.Ceiling(attempt))
	}
	var delay time.Duration
	for range min(max(attempt, 0), maxSteps) + 1 {
		delay = p.decorrelatedDelay(delay)
	}
	return delay
}

// Delays returns an iterator over attempts, from 0, and the delay after each, until
// MaxAttempts or Budget is used up: there is no delay after the last attempt. It does
// not sleep; the caller does. The iterator of an invalid policy is empty.
func (p Policy) Delays() iter.Seq2[int, time.Duration] {
	attempts := p.MaxAttempts
	if attempts == 0 {
		attempts = DefaultMaxAttempts
	}

	return func(yield func(int, time.Duration) bool) {
		if p.Validate() != nil {
			return
		}

		var last, spent time.Duration
		for attempt := 0; attempts == Unlimited || attempt < attempts-1; attempt++ {
			if p.Jitter == Decorrelated {
				last = p.decorrelatedDelay(last)
			} else {
				last = p.Delay(attempt)
			}

			// Written as a difference: the sum could overflow.
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

// limit returns the cap, or forever.
func (p Policy) limit() time.Duration {
	if p.Cap > 0 {
		return p.Cap
	}
	return forever
}
