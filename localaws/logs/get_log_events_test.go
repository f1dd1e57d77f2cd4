package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestGetLogEventsStartsWithLatestPage_E7(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	b.write("g", "s", start, "0", "1", "2", "3", "4", "5", "6")
	limit := 3
	get := func(token string, head bool) (string, *GetLogEventsOutput) {
		out := ok[GetLogEventsOutput](b, "GetLogEvents", &GetLogEventsInput{
			LogGroupName:  "g",
			LogStreamName: "s",
			Limit:         &limit,
			NextToken:     token,
			StartFromHead: head,
		})

		text := ""
		for _, e := range out.Events {
			text += e.Message
		}

		return text, out
	}

	text, last := get("", false)
	if text != "456" {
		t.Errorf("the latest page is %s, want 456", text)
	}

	text, end := get(last.NextForwardToken, false)
	if text != "" || end.NextForwardToken != last.NextForwardToken {
		t.Errorf("at the end: %q, token %s after %s: want the same token", text, end.NextForwardToken, last.NextForwardToken)
	}

	text, middle := get(last.NextBackwardToken, false)
	if text != "123" {
		t.Errorf("the page before it is %s, want 123", text)
	}

	text, first := get(middle.NextBackwardToken, false)
	if text != "0" {
		t.Errorf("the first page is %s, want 0", text)
	}

	text, atStart := get(first.NextBackwardToken, false)
	if text != "" || atStart.NextBackwardToken != first.NextBackwardToken {
		t.Errorf("before the start: %q, want an empty page with the same token", text)
	}

	if text, _ := get(atStart.NextForwardToken, false); text != "012" {
		t.Errorf("forward from the start: %q, want 012", text)
	}

	text, head := get("", true)
	if text != "012" {
		t.Errorf("from the head: %s, want 012", text)
	}

	if text, _ := get(head.NextForwardToken, true); text != "345" {
		t.Errorf("the page after it: %s, want 345", text)
	}

	b.write("g", "s", start.Add(time.Hour), "new")
	if text, _ := get(end.NextForwardToken, false); text != "new" {
		t.Errorf("after a new event: %q, want new", text)
	}
}

func TestGetLogEventsTokens_E7(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	out := ok[GetLogEventsOutput](b, "GetLogEvents", &GetLogEventsInput{LogGroupName: "g", LogStreamName: "s"})
	if len(out.NextForwardToken) != 60 || !strings.HasPrefix(out.NextForwardToken, "f/") || !strings.HasSuffix(out.NextForwardToken, "/s") ||
		!strings.HasPrefix(out.NextBackwardToken, "b/") || out.Events == nil {
		t.Errorf("output %+v, want tokens of 60 characters and an empty list", out)
	}

	b.write("g", "s", start, "x")
	out = ok[GetLogEventsOutput](b, "GetLogEvents", &GetLogEventsInput{
		LogGroupName:  "g",
		LogStreamName: "s",
		NextToken:     out.NextForwardToken,
	})

	if len(out.Events) != 1 {
		t.Errorf("the forward token of an empty stream returns %+v, want the new event", out)
	}

	for _, token := range []string{"x", "f/1/s", "f/" + strings.Repeat("9", 56) + "/s", "b/" + strings.Repeat("+", 56) + "/s"} {
		t.Run(token, func(t *testing.T) {
			b := b.in(t)

			refused(b, "GetLogEvents", &GetLogEventsInput{
				LogGroupName:  "g",
				LogStreamName: "s",
				NextToken:     token,
			}, "InvalidParameterException",
				"The specified nextToken is invalid.")
		})
	}

	limit := 10_001
	refused(b, "GetLogEvents", &GetLogEventsInput{
		LogGroupName:  "g",
		LogStreamName: "s",
		Limit:         &limit,
	}, "InvalidParameterException",
		"1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000")
}

func TestPageHasAtMostOneMebibyte_E7(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	big := strings.Repeat("x", 600_000)
	b.write("g", "s", start, big, big, big)
	for _, head := range []bool{true, false} {
		t.Run(fmt.Sprint("head=", head), func(t *testing.T) {
			b := b.in(t)

			out := ok[GetLogEventsOutput](b, "GetLogEvents", &GetLogEventsInput{
				LogGroupName:  "g",
				LogStreamName: "s",
				StartFromHead: head,
			})
			if len(out.Events) != 1 {
				t.Errorf("a page of %d events of 600 kB, want 1", len(out.Events))
			}
		})
	}

	out := ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"})
	if len(out.Events) != 1 || out.NextToken == "" {
		t.Errorf("a page of %d events of 600 kB with token %q, want 1 and a token", len(out.Events), out.NextToken)
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add(cursor{position{1, 2}, true}.String())
	f.Add("b//s")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := parseCursor(s); err == nil && c.String() != s {
			t.Errorf("%q is parsed as %q", s, c.String())
		}
	})
}
