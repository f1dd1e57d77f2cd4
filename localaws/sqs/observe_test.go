package sqs

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

func TestMetricsOfAStandardQueue_P1_P2_P3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	sample := func() map[string]string {
		got := map[string]string{}
		b.s.Sample(func(s Sample) {
			if s.Account != account || s.Region != region {
				t.Errorf("sample %+v", s)
			}
			got[s.Queue+" "+s.Metric] += fmt.Sprintf("%g*%g %s;", s.Value, s.Count, s.Unit)
		})
		return got
	}
	b.send(url, "1", "four", "12345678", "12")
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:     url,
		MessageBody:  "d",
		DelaySeconds: ref(900),
	})
	b.advance(7 * time.Second)
	m := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url}).Messages[0]
	b.remove(url, m)
	must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url})
	b.receive(b.queue("empty"))
	want := map[string]string{
		"NumberOfMessagesSent":                  "5*1 Count;",
		"NumberOfMessagesReceived":              "2*1 Count;",
		"NumberOfMessagesDeleted":               "1*1 Count;",
		"SentMessageSize":                       "1*1 Bytes;8*1 Bytes;2.3333333333333335*3 Bytes;",
		"ApproximateNumberOfMessagesVisible":    "2*1 Count;",
		"ApproximateNumberOfMessagesNotVisible": "1*1 Count;",
		"ApproximateNumberOfMessagesDelayed":    "1*1 Count;",
		"ApproximateAgeOfOldestMessage":         "7*1 Seconds;",
	}
	got := sample()
	for metric, v := range want {
		t.Run(metric, func(t *testing.T) {
			equal(t, metric, got["q "+metric], v)
		})
	}
	equal(t, "empty receives", got["empty NumberOfEmptyReceives"], "1*1 Count;")
	if age, some := got["empty ApproximateAgeOfOldestMessage"]; some {
		t.Errorf("an empty queue has an oldest message of %s", age)
	}
	if again := sample(); again["q NumberOfMessagesSent"] != "" || again["q ApproximateNumberOfMessagesVisible"] != "2*1 Count;" {
		t.Errorf("second sample %v: want counts to restart and levels to stay", again)
	}
	b.advance(6 * time.Hour)
	if got := sample(); got["empty ApproximateNumberOfMessagesVisible"] != "" || got["q ApproximateNumberOfMessagesVisible"] == "" {
		t.Errorf("after six hours %v: want no samples of an inactive queue", got)
	}
}

func TestMetricsOfAFIFOQueue_P2_P3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	b.post(url, "a1", "a2", "b1", "c1")
	b.post(url, "a1")
	must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, MaxNumberOfMessages: ref(3)})
	got := map[string]float64{}
	b.s.Sample(func(s Sample) { got[s.Metric] = s.Value })
	if got["NumberOfDeduplicatedSentMessages"] != 1 || got["ApproximateNumberOfGroupsWithInflightMessages"] != 2 || got["NumberOfMessagesSent"] != 4 {
		t.Errorf("metrics %v", got)
	}
}

func TestRedriveDoesNotCountAsSendOrDelete_P4_L10(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.queue("src", "VisibilityTimeout", "10"), b.queue("dlq")
	b.redrive(src, dlq, "1")
	b.send(src, "x")
	b.one(src)
	b.advance(10 * time.Second)
	b.s.Sample(func(Sample) {})
	b.receive(src)
	b.advance(3 * time.Second)
	got := map[string]float64{}
	b.s.Sample(func(s Sample) { got[s.Queue+" "+s.Metric] = s.Value })
	if got["dlq NumberOfMessagesSent"] != 0 || got["src NumberOfMessagesDeleted"] != 0 || got["dlq ApproximateNumberOfMessagesVisible"] != 1 {
		t.Errorf("metrics %v", got)
	}
	if age := got["dlq ApproximateAgeOfOldestMessage"]; age != 3 {
		t.Errorf("age %g s in the dead-letter queue, want 3 since the move", age)
	}
}

func TestPeekReturnsEveryMessageAndChangesNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "held", "waiting")
	must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, VisibilityTimeout: ref(60)})
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:     url,
		MessageBody:  "late",
		DelaySeconds: ref(9),
		MessageAttributes: map[string]MessageAttributeValue{
			"a": {DataType: "String", StringValue: ref("v")}},
	})
	before := b.counts(url)
	got, err := b.s.Peek(account, region, "q")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range got {
		lines = append(lines, fmt.Sprintf("%s %s %d %s %s", m.Body, m.State, m.ReceiveCount, m.System["ApproximateReceiveCount"], m.Until.Format(time.TimeOnly)))
	}
	want := []string{"held inFlight 1 1 03:05:05", "waiting visible 0 0 00:00:00", "late delayed 0 0 03:04:14"}
	if !slices.Equal(lines, want) {
		t.Errorf("peeked %q\nwant %q", lines, want)
	}
	if *got[2].Attributes["a"].StringValue != "v" || !got[0].Expires.Equal(epochStart.Add(96*time.Hour)) {
		t.Errorf("peeked %+v", got)
	}
	if after := b.counts(url); after != before {
		t.Errorf("counts went from %v to %v", before, after)
	}
	if _, err := b.s.Peek(account, region, "nope"); err == nil {
		t.Error("peeked into a queue that does not exist")
	}
}

func TestQueuesReturnsAnOverview(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.deadLetters(2)
	got := b.s.Queues(account, region)
	if len(got) != 2 || got[0].Name != "dlq" || got[0].Visible != 2 || got[1].MaxReceiveCount != 1 || got[1].DeadLetterTarget != got[0].ARN {
		t.Errorf("queues %+v", got)
	}
}

func TestResetFreesNamesAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "x")
	mustRun(b, b.s.DeleteQueue, QueueInput{b.queue("other")})
	_, dlq := b.deadLetters(1)
	b.start(dlq, "", ref(1))
	b.advance(0)
	if err := b.s.Reset(account, region); err != nil {
		t.Fatal(err)
	}
	if got := must(b, b.s.ListQueues, ListQueuesInput{}).QueueURLs; got != nil {
		t.Errorf("queues left: %v", got)
	}
	b.queue("q")
	b.queue("other")
	if n := b.c.State().Transitions + b.c.State().Upkeep; n != 0 {
		t.Errorf("%d events left on the clock", n)
	}
}

func TestResetIsLimitedToItsScope(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ account, region, left string }{
		{"", "", ""},
		{account, "", "111111111111/us-east-1/q"},
		{"", region, "000000000000/eu-west-1/q"},
		{account, region, "000000000000/eu-west-1/q 111111111111/us-east-1/q"},
	} {
		t.Run(fmt.Sprintf("account %q region %q", tt.account, tt.region), func(t *testing.T) {
			b := newBench(t)
			for _, at := range []awsapi.Scope{{Account: account, Region: region}, {Account: account, Region: "eu-west-1"}, {Account: "111111111111", Region: region}} {
				c := &awsapi.Call{
					Account:  at.Account,
					Region:   at.Region,
					Endpoint: "http://localhost",
				}
				if _, err := b.s.CreateQueue(t.Context(), c, &CreateQueueInput{QueueName: "q"}); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.s.Reset(tt.account, tt.region); err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, q := range b.s.queues.all() {
				left = append(left, q.storeKey())
			}
			if got := strings.Join(left, " "); got != tt.left {
				t.Errorf("after a reset of %q in %q: %q, want %q", tt.account, tt.region, got, tt.left)
			}
		})
	}
}

func TestWatchCallsBackWithoutALock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	arn := queueKey{testScope, "q"}.arn()
	var calls atomic.Int32
	stop := b.s.Watch(arn, func() {
		calls.Add(1)
		b.counts("q") // takes the queue's lock: this would deadlock if the lock were held
	})
	notified := func(what string, want bool) {
		t.Helper()
		if got := calls.Swap(0) > 0; got != want {
			t.Errorf("%s: notified is %v, want %v", what, got, want)
		}
	}
	url := b.queue("q", "VisibilityTimeout", "10") // created after the watch
	notified("create", false)
	b.send(url, "x")
	notified("send", true)
	m := b.one(url)
	notified("receive", false)
	b.hide(url, m, 0)
	notified("change to 0", true)
	b.one(url)
	b.advance(10 * time.Second)
	notified("end of timeout", true)
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:     url,
		MessageBody:  "late",
		DelaySeconds: ref(5),
	})
	notified("delayed send", false)
	b.advance(5 * time.Second)
	notified("end of delay", true)
	stop()
	b.send(url, "y")
	notified("after stop", false)
}
