package backoff

import "time"

// maxReceives is the largest maxReceiveCount of a queue.
const maxReceives = 1000

// Survives returns the length of the longest outage that no message is lost in, if SQS
// dead-letters messages after the given number of receives, and every failed receive
// is followed by a delay of this policy:
//
//	Equal         half the sum of the ceilings of the receives-1 delays
//	Full          0: it guarantees no delay
//	Decorrelated  Base for each of the receives-1 delays
//	None          the sum of the ceilings
//
// It is a minimum, not an average: whatever the random numbers are, the last receive
// is not earlier than this after the first, so that an outage that began with the
// first receive has ended. [Policy.SurvivalRate] is the share of messages that survive a
// longer outage. Time in the queue and in the handler is not included, and adds to it.
// A receive that is used up by something else than the outage, such as a lack of time,
// shortens it. Set a Cap below 11 h 54 min, which is the longest time that package
// sqsbatch hides a message: it does not wait for what exceeds it.
//
// MaxAttempts and Budget do not apply, because SQS counts the receives. More than
// 1,000 receives count as 1,000, which is SQS's limit. Survives returns zero for less
// than two receives and for an invalid policy.
func (p Policy) Survives(receives int) time.Duration {
	if p.Validate() != nil {
		return 0
	}

	var sum time.Duration
	for attempt := range delaysBetween(receives) {
		least := p.least(attempt)
		// Written as a difference: the sum could overflow.
		if least > forever-sum {
			return forever
		}
		sum += least
	}

	return sum
}

// delaysBetween returns the number of delays between a number of receives.
func delaysBetween(receives int) int {
	return min(max(receives, 1), maxReceives) - 1
}

// least returns the shortest delay after an attempt.
func (p Policy) least(attempt int) time.Duration {
	switch p.Jitter {
	case Full:
		return 0
	case Decorrelated:
		return p.Base
	case None:
		return p.Ceiling(attempt)
	default:
		return p.Ceiling(attempt) / 2
	}
}

// SurvivalRate returns the share of messages, from 0 to 1, that survive an outage of
// the given length, under the assumptions of [Policy.Survives]: that is 1 up to the
// length which that returns. The delays are those of [Policy.Delay], which are
// independent of each other also with Decorrelated. The result is computed, not
// simulated, with an error below 0.002.
func (p Policy) SurvivalRate(receives int, outage time.Duration) float64 {
	delays := delaysBetween(receives)
	switch {
	case outage <= p.Survives(receives):
		return 1
	case delays < 1 || p.Jitter == None || p.Validate() != nil:
		return 0
	case float64(outage) > float64(delays)*float64(p.limit()):
		return 0 // longer than all delays together
	}

	early := newSums(p, outage) // the last receive is earlier than the end of the outage
	last := newLastDelay(p, delays)
	for attempt := range delays {
		if p.Jitter == Decorrelated {
			early.addAll(last.next())
		} else {
			ceiling := float64(p.Ceiling(attempt))
			early.addAll([]uniform{{low: float64(p.least(attempt)), high: ceiling, weight: 1}})
		}

		if lost := early.below(float64(outage)); lost < 1e-9 {
			return 1
		}
	}

	return min(max(1-early.below(float64(outage)), 0), 1)
}
