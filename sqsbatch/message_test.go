package sqsbatch_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/reliableq/reliableq/sqsbatch"
)

func TestMessageAccessors(t *testing.T) {
	t.Parallel()
	raw := with(with(received(grouped("id", "g"), 6), "n", "12"), "s", "text")
	m := sqsbatch.Message[string]{Raw: &raw}
	if m.ID() != "id" || m.OriginID() != "id" || m.Group() != "g" || m.ReceiveCount() != 6 {
		t.Errorf("%s %s %s %d", m.ID(), m.OriginID(), m.Group(), m.ReceiveCount())
	}
	if want := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); !m.SentAt().Equal(want) {
		t.Errorf("sent at %v", m.SentAt())
	}
	if n, ok, err := m.Int("n"); n != 12 || !ok || err != nil {
		t.Errorf("n is %d, %v, %v", n, ok, err)
	}
	if _, ok, err := m.Int("absent"); ok || err != nil {
		t.Errorf("absent is %v, %v", ok, err)
	}
	if _, ok, err := m.Int("s"); !ok || err == nil {
		t.Errorf("s is %v, %v", ok, err)
	}
}

func TestRecordWithoutSystemAttributesCountsAsFirstReceive(t *testing.T) {
	t.Parallel()
	raw := record("a", "a")
	raw.Attributes = nil
	m := sqsbatch.Message[string]{Raw: &raw}
	if m.ReceiveCount() != 1 || !m.SentAt().IsZero() {
		t.Errorf("count %d, sent at %v", m.ReceiveCount(), m.SentAt())
	}
}

// Tests of handlers create messages without a record.
func TestMessageWithoutRecordIsEmpty(t *testing.T) {
	t.Parallel()
	var m sqsbatch.Message[string]
	if m.ID() != "" || m.OriginID() != "" || m.Group() != "" || m.ReceiveCount() != 1 || !m.SentAt().IsZero() {
		t.Errorf("%q %q %q %d %v", m.ID(), m.OriginID(), m.Group(), m.ReceiveCount(), m.SentAt())
	}
	if _, ok := m.Attribute("a"); ok {
		t.Error("it has an attribute")
	}
	if _, ok, err := m.Int("a"); ok || err != nil {
		t.Errorf("it has a number: %v", err)
	}
}

func TestWrappersOfNilReturnNil(t *testing.T) {
	t.Parallel()
	if sqsbatch.Permanent(nil) != nil || sqsbatch.RetryAfter(time.Second, nil) != nil {
		t.Error("a mark of nil is an error")
	}
	for _, err := range []error{sqsbatch.Permanent(errDown), sqsbatch.RetryAfter(1, errDown), &sqsbatch.PanicError{Value: errDown}} {
		t.Run(fmt.Sprint(err), func(t *testing.T) {
			if !errors.Is(err, errDown) {
				t.Errorf("%T does not wrap its error", err)
			}
		})
	}
	if (&sqsbatch.PanicError{Value: "text"}).Unwrap() != nil || sqsbatch.IsPermanent(errDown) {
		t.Error("a text became an error, or an error permanent")
	}
}
