package logs

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// put is a PutLogEvents with one event a second.
func put(group, stream string, at time.Time, messages ...string) *PutLogEventsInput {
	in := &PutLogEventsInput{LogGroupName: group, LogStreamName: stream}
	for i, m := range messages {
		ms := at.Add(time.Duration(i) * time.Second).UnixMilli()
		in.LogEvents = append(in.LogEvents, InputLogEvent{&ms, m})
	}
	return in
}

func TestE5WhatIsTooOldTooNewOrExpiredIsRejectedAndTheRestTaken(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	one := func(at time.Duration) *RejectedLogEventsInfo {
		return ok[PutLogEventsOutput](b, "PutLogEvents", put("g", "s", start.Add(at), "x")).RejectedLogEventsInfo
	}
	const day = 24 * time.Hour
	if r := one(0); r != nil {
		t.Errorf("now: %+v", r)
	}

	if r := one(-14*day - time.Millisecond); r == nil || *r.TooOldLogEventEndIndex != 1 || r.TooNewLogEventStartIndex != nil {
		t.Errorf("older than 14 days: %+v", r)
	}

	if r := one(-14 * day); r != nil {
		t.Errorf("14 days: %+v", r)
	}

	if r := one(2*time.Hour + time.Millisecond); r == nil || *r.TooNewLogEventStartIndex != 0 || r.TooOldLogEventEndIndex != nil {
		t.Errorf("more than 2 h ahead: %+v", r)
	}

	ok[awsapi.None](b, "PutRetentionPolicy", &PutRetentionPolicyInput{LogGroupName: "g", RetentionInDays: 1})
	in := put("g", "s", start.Add(-day-2*time.Second), "expired", "expired too", "kept")
	r := ok[PutLogEventsOutput](b, "PutLogEvents", in).RejectedLogEventsInfo
	if r == nil || *r.ExpiredLogEventEndIndex != 2 {
		t.Errorf("expired: %+v", r)
	}

	got := messages(ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"}).Events)
	if !slices.Equal(got, []string{"kept", "x"}) {
		t.Errorf("events %q", got)
	}
}

func TestE5WhatBreaksTheBoundsFailsAsAWhole(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	unsorted := put("g", "s", start, "a", "b")
	slices.Reverse(unsorted.LogEvents)
	long := put("g", "s", start, "a", "b")
	*long.LogEvents[1].Timestamp = start.Add(24*time.Hour + time.Millisecond).UnixMilli()
	untimed := put("g", "s", start, "a")
	untimed.LogEvents[0].Timestamp = nil
	for _, tt := range []struct {
		name    string
		in      *PutLogEventsInput
		message string
	}{
		{"not sorted", unsorted, "Log events in a single PutLogEvents request must be in chronological order."},
		{"more than a day", long, "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."},
		{"too many events", put("g", "s", start, slices.Repeat([]string{"x"}, 10_001)...), ""},
		{"too large", put("g", "s", start, strings.Repeat("x", 1<<20-25)), fmt.Sprintf("Upload too large: %d bytes exceeds limit of 1048576", 1<<20+1)},
		{"no events", put("g", "s", start), ""},
		{"empty message", put("g", "s", start, ""), ""},
		{"no timestamp", untimed, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := b.in(t)

			refused(b, "PutLogEvents", tt.in, "InvalidParameterException", tt.message)
		})
	}

	if out := ok[PutLogEventsOutput](b, "PutLogEvents", put("g", "s", start, strings.Repeat("x", 1<<20-26))); len(out.NextSequenceToken) != 56 {
		t.Errorf("the most that one call may have: %+v", out)
	}
}

func TestE7TheLatestPageComesFirstUnlessAskedFromTheHead(t *testing.T) {
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
		t.Errorf("the latest page is %s", text)
	}

	text, end := get(last.NextForwardToken, false)
	if text != "" || end.NextForwardToken != last.NextForwardToken {
		t.Errorf("at the end: %q, token %s after %s: want the same token", text, end.NextForwardToken, last.NextForwardToken)
	}

	text, middle := get(last.NextBackwardToken, false)
	if text != "123" {
		t.Errorf("the page before is %s", text)
	}

	text, first := get(middle.NextBackwardToken, false)
	if text != "0" {
		t.Errorf("the first page is %s", text)
	}

	text, begin := get(first.NextBackwardToken, false)
	if text != "" || begin.NextBackwardToken != first.NextBackwardToken {
		t.Errorf("at the begin: %q", text)
	}

	if text, _ := get(begin.NextForwardToken, false); text != "012" {
		t.Errorf("forward from the begin: %q", text)
	}

	text, head := get("", true)
	if text != "012" {
		t.Errorf("from the head: %s", text)
	}

	if text, _ := get(head.NextForwardToken, true); text != "345" {
		t.Errorf("and on: %s", text)
	}

	b.write("g", "s", start.Add(time.Hour), "new")
	if text, _ := get(end.NextForwardToken, false); text != "new" {
		t.Errorf("what came after the end: %q", text)
	}
}

func TestE7TokensHaveAWSsFormAndOthersAreRefused(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	out := ok[GetLogEventsOutput](b, "GetLogEvents", &GetLogEventsInput{LogGroupName: "g", LogStreamName: "s"})
	if len(out.NextForwardToken) != 60 || !strings.HasPrefix(out.NextForwardToken, "f/") || !strings.HasSuffix(out.NextForwardToken, "/s") ||
		!strings.HasPrefix(out.NextBackwardToken, "b/") || out.Events == nil {
		t.Errorf("%+v", out)
	}

	b.write("g", "s", start, "x")
	out = ok[GetLogEventsOutput](b, "GetLogEvents", &GetLogEventsInput{
		LogGroupName:  "g",
		LogStreamName: "s",
		NextToken:     out.NextForwardToken,
	})

	if len(out.Events) != 1 {
		t.Errorf("the forward token of an empty stream gives %+v", out)
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

func TestE7APageHoldsAtMostAMebibyte(t *testing.T) {
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
				t.Errorf("a page of %d events of 600 kB", len(out.Events))
			}
		})
	}

	out := ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"})
	if len(out.Events) != 1 || out.NextToken == "" {
		t.Errorf("a page of %d events of 600 kB, token %q", len(out.Events), out.NextToken)
	}
}

func TestTimesSelectEvents(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	b.write("g", "s", start, "0", "1", "2")
	from := start.UnixMilli() + 1000
	to := start.UnixMilli() + 2000
	got := ok[GetLogEventsOutput](b, "GetLogEvents", &GetLogEventsInput{
		LogGroupName:  "g",
		LogStreamName: "s",
		StartTime:     &from,
		EndTime:       &to,
	})

	if len(got.Events) != 1 || got.Events[0].Message != "1" {
		t.Errorf("GetLogEvents leaves the end out: %+v", got.Events)
	}

	found := ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{
		LogGroupName: "g",
		StartTime:    &from,
		EndTime:      &to,
	})

	if !slices.Equal(messages(found.Events), []string{"1", "2"}) {
		t.Errorf("FilterLogEvents takes the end in: %q", messages(found.Events))
	}
}

func TestE8FilterChoosesStreamsAndRefusesContradictions(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "a1")
	for _, stream := range []string{"a1", "a2", "b"} {
		b.write("g", stream, start, stream)
	}

	for _, tt := range []struct {
		in   FilterLogEventsInput
		want string
	}{
		{FilterLogEventsInput{LogStreamNamePrefix: "a"}, "a1 a2"},
		{FilterLogEventsInput{LogStreamNames: []string{"b", "a1", "b"}}, "a1 b"},
		{FilterLogEventsInput{FilterPattern: "-a"}, "b"},
		{FilterLogEventsInput{LogStreamNamePrefix: "none"}, ""},
	} {
		t.Run(fmt.Sprintf("%+v", tt.in), func(t *testing.T) {
			b := b.in(t)

			tt.in.LogGroupName = "g"
			if got := strings.Join(messages(ok[FilterLogEventsOutput](b, "FilterLogEvents", &tt.in).Events), " "); got != tt.want {
				t.Errorf("%+v: %s, want %s", tt.in, got, tt.want)
			}
		})
	}

	for name, in := range map[string]FilterLogEventsInput{
		"prefix and names": {LogStreamNamePrefix: "a", LogStreamNames: []string{"a1"}},
		"broken pattern":   {FilterPattern: "{"},
		"unknown token":    {NextToken: "x"},
		"unmask":           {Unmask: true},
		"too many streams": {LogStreamNames: make([]string, 101)},
		"long pattern":     {FilterPattern: strings.Repeat("x", 1025)},
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)

			in.LogGroupName = "g"
			refused(b, "FilterLogEvents", &in, "InvalidParameterException", "")
		})
	}
}

// However events come in, and however they are read, pages hold each once and in
// order of time.
func TestPagesHoldEachEventOnceAndInOrder(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(rt *rapid.T) {
		b := open(t)
		b.group("g", "s0")
		want := map[string]bool{}
		for i := range rapid.IntRange(0, 40).Draw(rt, "events") {
			m := fmt.Sprint(i)
			stream := fmt.Sprint("s", rapid.IntRange(0, 3).Draw(rt, "stream"))
			b.write("g", stream, start.Add(time.Duration(rapid.IntRange(0, 9).Draw(rt, "second"))*time.Second), m)
			want[m] = true
		}

		limit := rapid.IntRange(1, 12).Draw(rt, "limit")
		in := &FilterLogEventsInput{LogGroupName: "g"}
		in.Limit = &limit
		ids := map[string]bool{}
		last := int64(0)
		for range 100 {
			out := ok[FilterLogEventsOutput](b, "FilterLogEvents", in)
			for _, e := range out.Events {
				if !want[e.Message] || ids[e.EventID] || e.Timestamp < last {
					rt.Fatalf("event %+v is unknown, twice there, or before %d", e, last)
				}
				delete(want, e.Message)
				ids[e.EventID] = true
				last = e.Timestamp
			}

			if in.NextToken = out.NextToken; in.NextToken == "" {
				break
			}
		}

		if len(want) > 0 {
			rt.Fatalf("missing: %v", want)
		}
	})
}

func TestReadersKeepWhatTheyHaveWhileEventsCome(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	b.write("g", "s", start, "1", "2", "3")
	all := selection{to: math.MaxInt64, before: lastPosition}
	snapshot, err := b.snapshot(awsapi.Scope{Account: account, Region: region}, "g", "s", all)
	if err != nil {
		t.Fatal(err)
	}

	b.write("g", "s", start.Add(500*time.Millisecond), "between")
	b.write("g", "s", start.Add(time.Hour), "later")
	if got := all.firstPage(snapshot, 10); len(got) != 3 || got[1].message != "2" {
		t.Errorf("the snapshot became %+v", got)
	}
}

func TestSubscribersSeeWhatWasTaken(t *testing.T) {
	t.Parallel()

	b := open(t)
	var seen []string
	b.OnEvents(func(account, region, group, stream string, events []Event) {
		for _, e := range events {
			seen = append(seen, group+"/"+stream+"/"+e.Message)
		}
	})

	b.group("g", "s")
	b.write("g", "s", start, "written")
	ok[PutLogEventsOutput](b, "PutLogEvents", put("g", "s", start, "put"))
	ok[PutLogEventsOutput](b, "PutLogEvents", put("g", "s", start.Add(3*time.Hour), "rejected"))
	if !slices.Equal(seen, []string{"g/s/written", "g/s/put"}) {
		t.Errorf("seen %q", seen)
	}
}

func TestLogsOutliveARestart(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	st, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}

	disk := func(o *Options) { o.Store = st }
	b := open(t, disk)
	b.group("g", "s")
	b.group("gone", "s")
	b.write("gone", "s", start, "x")
	ok[PutLogEventsOutput](b, "PutLogEvents", put("g", "s", start, "one", "two"))
	b.write("g", "t", start, "bytes \xff\x00 stay")
	ok[awsapi.None](b, "PutRetentionPolicy", &PutRetentionPolicyInput{LogGroupName: "g", RetentionInDays: 1})
	ok[awsapi.None](b, "TagLogGroup", &TagLogGroupInput{LogGroupName: "g", Tags: map[string]string{"a": "1"}})
	ok[awsapi.None](b, "PutMetricFilter", countErrors(nil))
	ok[awsapi.None](b, "DeleteLogGroup", &DeleteLogGroupInput{LogGroupName: "gone"})
	before := ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"})
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if st, err = store.Open(dir, store.Options{}); err != nil {
		t.Fatal(err)
	}

	defer st.Close()

	b = open(t, disk)
	after := ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"})
	if !slices.Equal(before.Events, after.Events) || len(after.Events) != 3 {
		t.Errorf("events %+v, were %+v", after.Events, before.Events)
	}

	groups := ok[DescribeLogGroupsOutput](b, "DescribeLogGroups", &DescribeLogGroupsInput{}).LogGroups
	if len(groups) != 1 || groups[0].RetentionInDays != 1 || groups[0].MetricFilterCount != 1 || *groups[0].StoredBytes != 6+13+3*26 {
		t.Errorf("groups %+v, %d bytes", groups, *groups[0].StoredBytes)
	}

	b.advance(25 * time.Hour)
	b = open(t, disk)
	if got := ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"}); len(got.Events) != 0 {
		t.Errorf("what expired came back: %+v", got.Events)
	}

	if err := b.Reset("", ""); err != nil {
		t.Fatal(err)
	}

	b = open(t, disk)
	if got := ok[DescribeLogGroupsOutput](b, "DescribeLogGroups", &DescribeLogGroupsInput{}); len(got.LogGroups) != 0 {
		t.Errorf("groups after a reset: %+v", got.LogGroups)
	}
}

func TestResetOfOnePlaceLeavesOthers(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	if err := b.EnsureGroup(account, "eu-west-1", "g"); err != nil {
		t.Fatal(err)
	}
	if err := b.EnsureStream(account, "eu-west-1", "g", "s"); err != nil {
		t.Fatal(err)
	}
	if err := b.Reset("", region); err != nil {
		t.Fatal(err)
	}

	if b.HasGroup(account, region, "g") || !b.HasGroup(account, "eu-west-1", "g") {
		t.Error("the reset took the wrong groups")
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add(cursor{position{1, 2}, true}.String())
	f.Add("b//s")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := parseCursor(s); err == nil && c.String() != s {
			t.Errorf("%q came back as %q", s, c.String())
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	s := benchmarked(b)
	events := []Event{{start, `{"level":"INFO","msg":"processed","message_id":"0a1b2c3d-0000-4000-8000-000000000000"}`}}
	for b.Loop() {
		if err := s.Write(account, region, "g", "s", events); err != nil {
			b.Fatal(err)
		}
	}
}
