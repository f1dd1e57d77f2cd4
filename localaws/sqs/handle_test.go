package sqs

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func (b *bench) deleteErr(url, handle string) error {
	err := run(b, b.s.DeleteMessage, DeleteMessageInput{url, handle})
	return err
}

func (b *bench) changeErr(url, handle string, timeout int) error {
	err := run(b, b.s.ChangeMessageVisibility, ChangeMessageVisibilityInput{url, handle, &timeout})
	return err
}

func TestInvalidHandlesAreRefused_J1(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url, other := b.queue("q"), b.queue("other")
	b.send(other, "x")
	foreign := b.one(other).ReceiptHandle
	for _, h := range []string{"garbage", foreign, strings.Repeat("A", 64), foreign + "A", "AQEB" + strings.Repeat("!", 60)} {
		t.Run(h, func(t *testing.T) {
			b := b.with(t)
			for _, err := range []error{b.deleteErr(url, h), b.changeErr(url, h, 0)} {
				refused(t, err, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404, `The input receipt handle "`+h+`" is not a valid receipt handle.`)
			}
		})
	}
	if got := b.counts(other); got != [3]int{0, 1, 0} {
		t.Errorf("the other queue has %v", got)
	}
}

func TestMissingHandleAndTimeoutAreRefused_A12(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "x")
	m := b.one(url)
	for _, err := range []error{b.deleteErr(url, ""), b.changeErr(url, "", 1)} {
		refused(t, err, "MissingRequiredParameterException", "MissingParameter", 400, "The request must contain the parameter ReceiptHandle.")
	}
	err := run(b, b.s.ChangeMessageVisibility, ChangeMessageVisibilityInput{QueueURL: url, ReceiptHandle: m.ReceiptHandle})
	refused(t, err, "MissingRequiredParameterException", "MissingParameter", 400, "The request must contain the parameter VisibilityTimeout.")
}

func TestDeleteInAStandardQueueAlwaysSucceeds_J2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "10")
	b.send(url, "x")
	m := b.one(url)
	b.advance(time.Minute) // the timeout has ended, and the message was not received again
	b.remove(url, m)
	if got := b.counts(url); got != [3]int{} {
		t.Errorf("counts %v: an expired handle deletes", got)
	}
	b.remove(url, m) // already deleted
	b.send(url, "y")
	m = b.one(url)
	mustRun(b, b.s.PurgeQueue, QueueInput{url})
	b.remove(url, m)
}

func TestStaleHandleDeletesNothing_J3_Z5(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "10")
	b.send(url, "x")
	first := b.one(url)
	b.advance(10 * time.Second)
	second := b.one(url)
	b.remove(url, first)
	if got := b.counts(url); got != [3]int{0, 1, 0} {
		t.Errorf("counts %v: the message of the second receive was deleted", got)
	}
	b.remove(url, second)
	if got := b.counts(url); got != [3]int{} {
		t.Errorf("counts %v", got)
	}
}

func TestFIFOHandleExpiresWithItsTimeout_J4_N14(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q", "VisibilityTimeout", "10")
	b.post(url, "ga")
	m := b.one(url)
	b.advance(5 * time.Second)
	b.hide(url, m, 20)
	b.advance(19 * time.Second)
	if got := b.counts(url); got != [3]int{0, 1, 0} {
		t.Fatalf("counts %v: the timeout was extended", got)
	}
	b.advance(time.Second)
	invalidValue(t, b.deleteErr(url, m.ReceiptHandle), "Value "+m.ReceiptHandle+" for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")
	again := b.one(url)
	invalidValue(t, b.deleteErr(url, m.ReceiptHandle), "Value "+m.ReceiptHandle+" for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")
	b.remove(url, again)
	b.remove(url, again) // a second delete succeeds
}

func TestVisibilityChangeCountsFromNow_J5_J6(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "30")
	b.send(url, "x")
	m := b.one(url)
	b.advance(20 * time.Second)
	b.hide(url, m, 15)
	b.advance(15*time.Second - 1)
	if got := b.counts(url); got != [3]int{0, 1, 0} {
		t.Errorf("counts %v just before the new end", got)
	}
	b.advance(1)
	if got := b.counts(url); got != [3]int{1, 0, 0} {
		t.Errorf("counts %v at the new end", got)
	}
	b.hide(url, b.one(url), 0)
	if got := b.counts(url); got != [3]int{1, 0, 0} {
		t.Errorf("counts %v after 0", got)
	}
	if got := b.one(url).Attributes["ApproximateReceiveCount"]; got != "3" {
		t.Errorf("receive count %s", got)
	}
}

func TestChangeHidesAVisibleMessage_J7_Z4(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "10")
	b.send(url, "x")
	m := b.one(url)
	b.hide(url, m, 0)
	b.hide(url, m, 10)
	if got := b.counts(url); got != [3]int{0, 1, 0} {
		t.Errorf("counts %v", got)
	}
	b.advance(time.Minute) // its visibility timeout ends
	b.hide(url, m, 10)
	if got := b.counts(url); got != [3]int{0, 1, 0} {
		t.Errorf("after the visibility timeout: counts %v", got)
	}
}

func TestOlderHandleChangesVisibility_J8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "10")
	b.send(url, "x")
	first := b.one(url)
	b.hide(url, first, 0)
	b.one(url)
	b.hide(url, first, 0)
	if got := b.counts(url); got != [3]int{1, 0, 0} {
		t.Errorf("counts %v: want that the first handle makes the message visible during the second receive", got)
	}
}

func TestChangeAfterDeleteIsRefused_J9(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, url := range []string{b.queue("q"), b.fifo("f")} {
		t.Run(url, func(t *testing.T) {
			b := b.with(t)
			if strings.HasSuffix(url, ".fifo") {
				b.post(url, "ga")
			} else {
				b.send(url, "x")
			}
			m := b.one(url)
			b.remove(url, m)
			invalidValue(t, b.changeErr(url, m.ReceiptHandle, 10), "Value "+m.ReceiptHandle+
				" for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
		})
	}
}

func TestVisibilityIsLimitedToTwelveHoursInTotal_J10(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "x")
	m := b.one(url)
	const text = " for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
	invalidValue(t, b.changeErr(url, m.ReceiptHandle, 43200), "Value 43200"+text)
	b.hide(url, m, 43195)
	b.advance(time.Hour)
	invalidValue(t, b.changeErr(url, m.ReceiptHandle, 43200-3600), "Value 39600"+text)
	b.hide(url, m, 43200-3600-1)
}

func TestVisibilityTimeoutOutOfRangeIsRefused_J11(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "x")
	m := b.one(url)
	for _, n := range []int{-1, 43201} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			b := b.with(t)
			invalidValue(t, b.changeErr(url, m.ReceiptHandle, n), "Value "+strconv.Itoa(n)+
				" for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200")
		})
	}
}

func TestHandlesLookLikeThoseOfAWS_J12(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "0")
	b.send(url, "x")
	one, two := b.one(url).ReceiptHandle, b.one(url).ReceiptHandle
	if one == two || !strings.HasPrefix(one, "AQEB") || len(one) > 1024 {
		t.Errorf("handles %s and %s", one, two)
	}
}

func FuzzParseReceipt(f *testing.F) {
	f.Add(receipt{
		nonce:    1,
		receive:  2,
		received: 3,
	}.String())
	f.Add("AQEB")
	f.Fuzz(func(t *testing.T, handle string) {
		if r, ok := parseReceipt(handle); ok && r.String() != handle {
			t.Errorf("%q was read as %+v, which is %q", handle, r, r.String())
		}
	})
}
