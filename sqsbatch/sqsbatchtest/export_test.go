package sqsbatchtest

import (
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// RealTimeLimit sets how much real time a timeline may take.
func RealTimeLimit(d time.Duration) Option { return func(c *config) { c.realTimeLimit = d } }

// LogOf plays a timeline and returns its log.
func LogOf[T any](t *testing.T, messages []events.SQSMessage, world func() World[T], timeline Timeline) string {
	t.Helper()
	c, err := configure(nil)
	if err != nil {
		t.Fatal(err)
	}
	log, _ := inBubble(t, c, messages, world, timeline)
	return log
}

// ErrorOf plays a timeline and returns its error.
func ErrorOf[T any](t *testing.T, messages []events.SQSMessage, world func() World[T], timeline Timeline) error {
	t.Helper()
	c, err := configure(nil)
	if err == nil {
		_, err = inBubble(t, c, messages, world, timeline)
	}
	return err
}

// Smaller returns the timelines that are smaller by one step or simpler in one respect.
func Smaller(timeline Timeline) []Timeline { return smaller(timeline) }
