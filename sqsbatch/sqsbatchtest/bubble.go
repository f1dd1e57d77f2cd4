package sqsbatchtest

import (
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// realTimeLimit is how much real time a timeline may take. Most take a millisecond.
const realTimeLimit = 20 * time.Second

// stuckError is the error of a timeline that did not end.
type stuckError struct{ after time.Duration }

// Error returns the likely causes.
func (e *stuckError) Error() string {
	return fmt.Sprintf("the timeline did not end within %v of real time: a goroutine computes for ever, or waits for a lock "+
		"(perhaps one that is held at a Call), for the network, or for a channel made outside of the World", e.after)
}

// journal is the log of a timeline.
type journal struct {
	mu   sync.Mutex // guards what follows: a timeline that does not end is read while it runs
	text strings.Builder
	now  string // what is in progress
}

func (j *journal) printf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintf(&j.text, format, args...)
	j.now = ""
}

// progress notes what happens now, for a timeline that does not end.
func (j *journal) progress(now string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.now = now
}

// String returns the log so far.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.now != "" {
		return j.text.String() + j.now + ": does not end\n"
	}
	return j.text.String()
}

// inBubble plays a timeline in a bubble of its own.
func inBubble[T any](
	t *testing.T, c config, messages []events.SQSMessage, world func() World[T], timeline Timeline,
) (log string, err error) {
	if err := timeline.validate(len(messages)); err != nil {
		return "", err
	}

	// The bubble has a goroutine of its own, because it may never end.
	var j journal
	var played error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			// Goroutines that are left when the timeline has ended, such as a handler
			// that blocks for ever, are stopped: time does not pass for them. All
			// errors of the timeline are in played.
			if v := recover(); v != nil && !isDeadlock(v) {
				played = fmt.Errorf("panic: %v", v)
			}
		}()
		synctest.Test(t, func(*testing.T) {
			defer func() {
				if v := recover(); v != nil {
					played = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
				}
			}()
			played = playIn(c, world(), messages, timeline, &j)
		})
	}()

	timer := time.NewTimer(c.realTimeLimit)
	defer timer.Stop()
	select {
	case <-done:
		return j.String(), played
	case <-timer.C:
		return j.String(), &stuckError{after: c.realTimeLimit}
	}
}

// isDeadlock reports whether v is the panic of a bubble whose goroutines are all
// blocked.
func isDeadlock(v any) bool {
	err, ok := v.(error)
	return ok && strings.HasPrefix(err.Error(), "deadlock: ")
}
