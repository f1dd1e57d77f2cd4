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

// put returns a request for PutLogEvents with one event a second.
func put(group, stream string, at time.Time, messages ...string) *PutLogEventsInput {
	in := &PutLogEventsInput{LogGroupName: group, LogStreamName: stream}
	for i, m := range messages {
		ms := at.Add(time.Duration(i) * time.Second).UnixMilli()
		in.LogEvents = append(in.LogEvents, InputLogEvent{&ms, m})
	}
	return in
}

func TestPutLogEventsRejectsEventsOutOfRange_E5(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	one := func(at time.Duration) *RejectedLogEventsInfo {
		return ok[PutLogEventsOutput](b, "PutLogEvents", put("g", "s", start.Add(at), "x")).RejectedLogEventsInfo
	}
	const day = 24 * time.Hour
	if r := one(0); r != nil {
		t.Errorf("event of now was rejected: %+v", r)
	}

	if r := one(-14*day - time.Millisecond); r == nil || *r.TooOldLogEventEndIndex != 1 || r.TooNewLogEventStartIndex != nil {
		t.Errorf("event older than 14 days: got %+v, want it rejected as too old", r)
	}

	if r := one(-14 * day); r != nil {
		t.Errorf("event of 14 days ago was rejected: %+v", r)
	}

	if r := one(2*time.Hour + time.Millisecond); r == nil || *r.TooNewLogEventStartIndex != 0 || r.TooOldLogEventEndIndex != nil {
		t.Errorf("event more than 2 h ahead: got %+v, want it rejected as too new", r)
	}

	ok[awsapi.None](b, "PutRetentionPolicy", &PutRetentionPolicyInput{LogGroupName: "g", RetentionInDays: 1})
	in := put("g", "s", start.Add(-day-2*time.Second), "expired", "expired too", "kept")
	r := ok[PutLogEventsOutput](b, "PutLogEvents", in).RejectedLogEventsInfo
	if r == nil || *r.ExpiredLogEventEndIndex != 2 {
		t.Errorf("expired events: got %+v, want two rejected", r)
	}

	got := messages(ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"}).Events)
	if !slices.Equal(got, []string{"kept", "x"}) {
		t.Errorf("events %q, want those that were not rejected", got)
	}
}

func TestPutLogEventsRefusesInvalidBatch_E5(t *testing.T) {
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
		t.Errorf("largest batch: got %+v, want a token of 56 digits", out)
	}
}

func TestTimeRangeSelectsEvents(t *testing.T) {
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
		t.Errorf("GetLogEvents excludes the end, got %+v", got.Events)
	}

	found := ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{
		LogGroupName: "g",
		StartTime:    &from,
		EndTime:      &to,
	})

	if !slices.Equal(messages(found.Events), []string{"1", "2"}) {
		t.Errorf("FilterLogEvents includes the end, got %q", messages(found.Events))
	}
}

func TestFilterLogEventsSelectsStreams_E8(t *testing.T) {
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

// Events arrive in any sequence, and pages have any size: pages have each event once
// and sorted by time.
func TestPagesHaveEachEventOnceAndInOrder(t *testing.T) {
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
					rt.Fatalf("event %+v is unknown, a duplicate, or before %d", e, last)
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
			rt.Fatalf("events missing from the pages: %v", want)
		}
	})
}

func TestSnapshotDoesNotChangeWhileEventsArrive(t *testing.T) {
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
		t.Errorf("the snapshot changed to %+v", got)
	}
}

func TestSubscribersReceiveAcceptedEvents(t *testing.T) {
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
		t.Errorf("subscribers received %q", seen)
	}
}

func TestLogsSurviveRestart(t *testing.T) {
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
		t.Errorf("events %+v after the restart, want %+v", after.Events, before.Events)
	}

	groups := ok[DescribeLogGroupsOutput](b, "DescribeLogGroups", &DescribeLogGroupsInput{}).LogGroups
	if len(groups) != 1 || groups[0].RetentionInDays != 1 || groups[0].MetricFilterCount != 1 || *groups[0].StoredBytes != 6+13+3*26 {
		t.Errorf("groups %+v with %d bytes after the restart", groups, *groups[0].StoredBytes)
	}

	b.advance(25 * time.Hour)
	b = open(t, disk)
	if got := ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"}); len(got.Events) != 0 {
		t.Errorf("expired events after a restart: %+v, want none", got.Events)
	}

	if err := b.Reset("", ""); err != nil {
		t.Fatal(err)
	}

	b = open(t, disk)
	if got := ok[DescribeLogGroupsOutput](b, "DescribeLogGroups", &DescribeLogGroupsInput{}); len(got.LogGroups) != 0 {
		t.Errorf("groups after a reset: %+v, want none", got.LogGroups)
	}
}

func TestResetIsLimitedToScope(t *testing.T) {
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
		t.Error("the reset removed the wrong groups")
	}
}

func BenchmarkWrite(b *testing.B) {
	s := newBenchmarked(b)
	events := []Event{{start, `{"level":"INFO","msg":"processed","message_id":"0a1b2c3d-0000-4000-8000-000000000000"}`}}
	for b.Loop() {
		if err := s.Write(account, region, "g", "s", events); err != nil {
			b.Fatal(err)
		}
	}
}
