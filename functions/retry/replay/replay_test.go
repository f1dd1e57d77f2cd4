package replay_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/retry/replay"
)

// queue is the source queue. It refuses the body "refuse".
type queue struct{ sent []outbox.Message }

func (q *queue) Send(_ context.Context, messages []outbox.Message) []outbox.Result {
	results := make([]outbox.Result, len(messages))
	for i, m := range messages {
		if m.Body == "refuse" {
			results[i].Err = errors.New("throttled")
			continue
		}
		q.sent = append(q.sent, m)
		results[i].ID = fmt.Sprintf("new-%d", len(q.sent))
	}
	return results
}

// message returns a record as JSON, with attributes ("name:type:value", the value of
// type Binary in base64).
func message(id, body string, attributes ...string) string {
	var fields []string
	for _, a := range attributes {
		part := strings.SplitN(a, ":", 3)
		member := "stringValue"
		if strings.HasPrefix(part[1], "Binary") {
			member = "binaryValue"
		}
		fields = append(fields, fmt.Sprintf(`%q:{%q:%q,"stringListValues":[],"binaryListValues":[],"dataType":%q}`, part[0], member, part[2], part[1]))
	}
	return fmt.Sprintf(`{"messageId":%q,"receiptHandle":"r","body":%q,"attributes":{"ApproximateReceiveCount":"6"},"messageAttributes":{%s},`+
		`"eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:reliable_q_retry_1"}`, id, body, strings.Join(fields, ","))
}

func counted(n int) string { return fmt.Sprintf("sqs-dlq-replay-cnt:Number:%d", n) }

func level(maxAttempts int) replay.Level {
	policy := replay.Policy(2*time.Second, 15*time.Minute)
	policy.Rand = rand.New(rand.NewPCG(1, 1)).Float64
	return replay.Level{Number: 1, MaxAttempts: maxAttempts, Backoff: policy}
}

// invoke runs the function as Lambda does.
func invoke(t *testing.T, l replay.Level, messages ...string) (q *queue, response, logged string) {
	t.Helper()
	q = &queue{}
	var log bytes.Buffer
	handler, err := replay.New(l, q, jsonlog.New(&log, slog.LevelInfo))
	if err != nil {
		t.Fatal(err)
	}
	out, err := lambda.NewHandler(handler).Invoke(t.Context(), []byte(`{"Records":[`+strings.Join(messages, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return q, strings.TrimSpace(string(out)), log.String()
}

const (
	allDone  = `{"batchItemFailures":[]}`
	oneFails = `{"batchItemFailures":[{"itemIdentifier":"m"}]}`
)

func TestReplayKeepsBodyAndAttributes(t *testing.T) {
	t.Parallel()
	picture := base64.StdEncoding.EncodeToString([]byte{0, 1, 255})
	q, response, _ := invoke(t, level(3), message("m", "body\n€", "bad_msg:String:True", "ratio:Number.float:0.50", "picture:Binary.png:"+picture))
	if response != allDone || len(q.sent) != 1 {
		t.Fatalf("%s, %d sent", response, len(q.sent))
	}
	got := map[string]string{}
	for name, a := range q.sent[0].Attributes {
		got[name] = fmt.Sprintf("%s %s%x", *a.DataType, aws.ToString(a.StringValue), a.BinaryValue)
	}
	want := map[string]string{
		"bad_msg": "String True", "ratio": "Number.float 0.50", "picture": "Binary.png 0001ff",
		"sqs-dlq-replay-cnt": "Number 1", "origin_message_id": "String m",
	}
	if diff := cmp.Diff(want, got); diff != "" || q.sent[0].Body != "body\n€" {
		t.Errorf("body %q, attributes %s", q.sent[0].Body, diff)
	}
}

func TestOriginIDIsKeptThroughAllReplays(t *testing.T) {
	t.Parallel()
	q, _, _ := invoke(t, level(3), message("m", "b", counted(2), "origin_message_id:String:first"))
	if got := q.sent[0].Attributes; *got["origin_message_id"].StringValue != "first" || *got["sqs-dlq-replay-cnt"].StringValue != "3" {
		t.Errorf("attributes %+v", got)
	}
}

func TestMessageWithoutAttemptsLeftFails(t *testing.T) {
	t.Parallel()
	q, response, logged := invoke(t, level(3), message("m", "b", counted(3)))
	if response != oneFails || len(q.sent) != 0 || !strings.Contains(logged, `"msg":"MaxAttemptsError: Number of retries(4) > max attempts(3)","message_id":"m"`) {
		t.Errorf("%s, %d sent: %s", response, len(q.sent), logged)
	}
	if _, response, _ = invoke(t, level(0), message("m", "b")); response != oneFails {
		t.Errorf("a level without attempts: response %s", response)
	}
}

func TestLevelContinuesTheReplayCount(t *testing.T) {
	t.Parallel()
	q, response, _ := invoke(t, replay.Level{Number: 2, MaxAttempts: 6, Backoff: level(0).Backoff}, message("m", "b", counted(3)))
	if response != allDone || *q.sent[0].Attributes["sqs-dlq-replay-cnt"].StringValue != "4" {
		t.Errorf("%s, sent %+v", response, q.sent)
	}
}

// SQS allows ten attributes. A message without space for the two of a replay must
// reach the dead-letter queue, and not be lost.
func TestMessageWithTooManyAttributesFails(t *testing.T) {
	t.Parallel()
	for n, fits := range map[int]bool{7: true, 8: true, 9: false, 10: false} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var attributes []string
			for i := range n {
				attributes = append(attributes, fmt.Sprintf("a%d:String:x", i))
			}
			q, response, logged := invoke(t, level(3), message("m", "b", attributes...))
			if fits != (response == allDone) || fits != (len(q.sent) == 1) {
				t.Errorf("with %d: %s, %d sent", n, response, len(q.sent))
			}
			want := fmt.Sprintf("cannot be replayed: it has %d attributes, a replay needs %d, and SQS allows 10", n, n+2)
			if !fits && !strings.Contains(logged, want) {
				t.Errorf("with %d: %s", n, logged)
			}
		})
	}
	// A replayed message has them already.
	attributes := []string{counted(1), "origin_message_id:String:first"}
	for i := range 8 {
		attributes = append(attributes, fmt.Sprintf("a%d:String:x", i))
	}
	if _, response, logged := invoke(t, level(3), message("m", "b", attributes...)); response != allDone {
		t.Errorf("%s: %s", response, logged)
	}
}

func TestInvalidReplayCountFails(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"String:many", "Number:-1", "Number:1.5", "Number:99999999999999999999", "Number: 1"} {
		t.Run(bad, func(t *testing.T) {
			q, response, logged := invoke(t, level(3), message("m", "b", "sqs-dlq-replay-cnt:"+bad))
			if response != oneFails || len(q.sent) != 0 || !strings.Contains(logged, "cannot be replayed: sqs-dlq-replay-cnt is") {
				t.Errorf("%s, %d sent: %s", response, len(q.sent), logged)
			}
		})
	}
}

func TestRefusedCopyFailsOnlyItsMessage(t *testing.T) {
	t.Parallel()
	q, response, logged := invoke(t, level(3), message("a", "fine"), message("out", "b", counted(3)), message("m", "refuse"), message("c", "fine"))
	if response != `{"batchItemFailures":[{"itemIdentifier":"out"},{"itemIdentifier":"m"}]}` || len(q.sent) != 2 {
		t.Errorf("%s, %d sent", response, len(q.sent))
	}
	if !strings.Contains(logged, `"msg":"replay: throttled","message_id":"m"`) {
		t.Error(logged)
	}
}

func TestReplayLogLine(t *testing.T) {
	t.Parallel()
	q, _, logged := invoke(t, level(3), message("m", "b", counted(1)))
	want := fmt.Sprintf(`{"resp":{"status":true,"tot_msgs":1,"replay_cnt":2,"max_attempts":3,"replayed_to_main_q":true,"delay_sec":%.2f}}`+"\n",
		q.sent[0].Delay.Seconds())
	if !strings.HasPrefix(logged, want) {
		t.Errorf("%s does not begin with %s", logged, want)
	}
	want = `"msg":"replayed","message_id":"m","new_message_id":"new-1","origin_message_id":"m","replay_cnt":2,"retry_level":1}`
	if !strings.Contains(logged, want) {
		t.Errorf("%s does not hold %s", logged, want)
	}
}

func TestDelaysAreWithinFullJitter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		base := time.Duration(rapid.Int64Range(0, int64(15*time.Minute)).Draw(rt, "base"))
		limit := time.Duration(rapid.Int64Range(0, int64(15*time.Minute)).Draw(rt, "cap"))
		count := rapid.IntRange(0, 100).Draw(rt, "count")
		l := replay.Level{Number: 1, MaxAttempts: 1000, Backoff: replay.Policy(base, limit)}
		q, _, _ := invoke(t, l, message("m", "b", counted(count)))
		bound := time.Duration(min(float64(base)*math.Pow(2, float64(count+1)), float64(limit)))
		if got := q.sent[0].Delay; got < 0 || got > bound {
			rt.Fatalf("replay %d is delayed by %v, bound %v", count+1, got, bound)
		}
	})
}

func TestDefaultBackoffPolicy(t *testing.T) {
	t.Parallel()
	p := replay.Policy(2*time.Second, 15*time.Minute)
	if p.Jitter != backoff.Full || p.Ceiling(1) != 4*time.Second || p.Ceiling(3) != 16*time.Second || p.Ceiling(40) != 15*time.Minute {
		t.Errorf("policy %+v", p)
	}
	if replay.Policy(time.Second, 0).Ceiling(9) != 0 {
		t.Error("a cap of zero had no effect")
	}
}

// FuzzReplay checks that any record is either sent and successful, or not sent and
// failed.
func FuzzReplay(f *testing.F) {
	f.Add("body", "sqs-dlq-replay-cnt", "1", "Number")
	f.Add("refuse", "origin_message_id", "x", "String")
	f.Fuzz(func(t *testing.T, body, name, value, kind string) {
		q := &queue{}
		handler, err := replay.New(level(3), q, jsonlog.New(&bytes.Buffer{}, slog.LevelInfo))
		if err != nil {
			t.Fatal(err)
		}
		response, err := handler(t.Context(), events.SQSEvent{Records: []events.SQSMessage{{
			MessageId: "m", Body: body,
			MessageAttributes: map[string]events.SQSMessageAttribute{name: {StringValue: &value, DataType: kind}},
		}}})
		if err != nil || len(q.sent)+len(response.BatchItemFailures) != 1 {
			t.Errorf("%d sent, %d failed, %v", len(q.sent), len(response.BatchItemFailures), err)
		}
	})
}
