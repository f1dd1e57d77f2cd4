// Package duration formats durations for people.
package duration

import (
	"fmt"
	"time"
)

// Format returns d rounded to two or three digits with a unit: 3.2 s, 54 s,
// 5 min 12 s, 2 h 3 min. A negative duration is 0 s.
func Format(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 9950*time.Millisecond: // above it, %.1f would print 10.0 s
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute-500*time.Millisecond: // above it, rounding gives 60 s
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d < time.Hour:
		s := int(d.Round(time.Second).Seconds())
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}

	// From an hour on, seconds would be more digits than anyone reads.
	m := int(d.Round(time.Minute).Minutes())
	return fmt.Sprintf("%d h %d min", m/60, m%60)
}
