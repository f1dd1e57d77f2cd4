package test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// run is the result of one batch of orders, read from logs and queues.
type run struct {
	// accepted has the message ids that SQS returned to the producer; true for a bad
	// message.
	accepted map[string]bool
	// bodies has the order id by message id.
	orders map[string]string
	// processed is how often the consumer processed each message, by the id of the
	// original.
	processed map[string]int
	// dead has the messages of this run in the dead-letter queue, by the first
	// message's id.
	dead map[string]types.Message
	// replays are the retry function's reports of replays.
	replays []replay
	// retryLog and consumerLog are the functions' log lines.
	retryLog, consumerLog []string
}

// replay is the retry function's report of one replay.
type replay struct {
	Status      bool    `json:"status"`
	Total       int     `json:"tot_msgs"`
	Count       int     `json:"replay_cnt"`
	MaxAttempts int     `json:"max_attempts"`
	Replayed    bool    `json:"replayed_to_main_q"`
	DelaySec    float64 `json:"delay_sec"`
}

// order is the event of the producer.
type order struct {
	Count    int     `json:"count"`
	BadRatio float64 `json:"bad_ratio"`
	Seed     uint64  `json:"seed"`
}

// produce invokes the producer, waits until every queue has settled, and reads the
// outcome of each message.
func (d *deployment) produce(t *testing.T, o order) *run {
	t.Helper()
	since := d.serviceTime(t)
	if got := d.invokeProducer(t, o); got.Total != o.Count {
		t.Fatalf("the producer reports %d messages, want %d", got.Total, o.Count)
	}
	d.settle(t)
	return d.read(t, since)
}

// produced is the producer's response.
type produced struct {
	Status bool `json:"status"`
	Total  int  `json:"tot_msgs"`
	Bad    int  `json:"bad_msgs"`
}

func (d *deployment) invokeProducer(t *testing.T, o order) produced {
	t.Helper()
	return d.invoke(t, d.functions["producer"], o)
}

// invoke invokes the producer by its name.
func (d *deployment) invoke(t *testing.T, producer string, o order) produced {
	t.Helper()
	payload, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	out, err := lambda.NewFromConfig(d.cfg).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &producer, Payload: payload})
	if err != nil {
		t.Fatalf("invoke the producer: %v", err)
	}
	if out.FunctionError != nil {
		t.Fatalf("the producer failed: %s", out.Payload)
	}
	var response struct {
		StatusCode int    `json:"statusCode"`
		Body       string `json:"body"`
	}
	var body struct {
		Message produced `json:"message"`
	}
	if err := json.Unmarshal(out.Payload, &response); err != nil {
		t.Fatalf("read the producer's response %s: %v", out.Payload, err)
	}
	if err := json.Unmarshal([]byte(response.Body), &body); err != nil || response.StatusCode != 200 {
		t.Fatalf("the producer returned %s (%v)", out.Payload, err)
	}
	return body.Message
}

// serviceTime returns the current service time, which on the embedded AWS may be ahead
// of machine time. It is read from a message, because the time of a queue's last
// change is only a lower bound.
func (d *deployment) serviceTime(t *testing.T) time.Time {
	t.Helper()
	client := sqs.NewFromConfig(d.cfg)
	name := fmt.Sprintf("clock-%d", time.Now().UnixNano())
	made, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		t.Fatalf("create a queue to read the time: %v", err)
	}
	defer client.DeleteQueue(context.WithoutCancel(t.Context()), &sqs.DeleteQueueInput{QueueUrl: made.QueueUrl})
	got, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameCreatedTimestamp},
	})
	if err != nil {
		t.Fatalf("read the time: %v", err)
	}
	seconds, err := strconv.ParseInt(got.Attributes["CreatedTimestamp"], 10, 64)
	if err != nil {
		t.Fatalf("read the time: %v", err)
	}
	return time.Unix(seconds, 0)
}

// settle waits until every queue but the dead-letter queue is empty, and stays empty
// for as long as a message may be in transit between two of them.
func (d *deployment) settle(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	pause := 100 * time.Millisecond
	if shared.onAWS() {
		pause = 15 * time.Second // counts are up to a minute late
	}
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for emptyReads := 0; emptyReads < 5; {
		select {
		case <-ctx.Done():
			t.Fatalf("the queues did not settle: %v", ctx.Err())
		case <-tick.C:
		}
		if d.inQueues(t) == 0 {
			emptyReads++
		} else {
			emptyReads = 0
		}
	}
}

// inQueues counts the messages in all queues but the dead-letter queue, delayed
// and in flight included.
func (d *deployment) inQueues(t *testing.T) int {
	t.Helper()
	sum := 0
	for key := range d.queues {
		if key != "dlq" {
			sum += d.depth(t, key)
		}
	}
	return sum
}

// depth counts the messages in a queue: visible, delayed and in flight.
func (d *deployment) depth(t *testing.T, key string) int {
	t.Helper()
	url := d.queues[key]
	got, err := sqs.NewFromConfig(d.cfg).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		t.Fatalf("read the depth of %s: %v", key, err)
	}
	sum := 0
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"} {
		n, err := strconv.Atoi(got.Attributes[name])
		if err != nil {
			t.Fatalf("%s of %s: %v", name, key, err)
		}
		sum += n
	}
	return sum
}

// read collects the outcomes of the messages produced since a time, and of good
// messages that the test itself sent.
func (d *deployment) read(t *testing.T, since time.Time, sent ...string) *run {
	t.Helper()
	r := &run{accepted: map[string]bool{}, orders: map[string]string{}, processed: map[string]int{}, dead: map[string]types.Message{}}
	for _, id := range sent {
		r.accepted[id] = false
	}
	for _, line := range d.logLines(t, "producer", since) {
		r.readAccepted(line)
	}
	r.consumerLog = d.logLines(t, "consumer", since)
	for _, line := range r.consumerLog {
		r.readProcessed(line)
	}
	for key := range d.functions {
		if key != "producer" && key != "consumer" {
			r.retryLog = append(r.retryLog, d.logLines(t, key, since)...)
		}
	}
	for _, line := range r.retryLog {
		r.readReplay(line)
	}
	d.readDead(t, r)
	return r
}

func (r *run) readAccepted(line string) {
	var l struct {
		Msg  string   `json:"msg"`
		IDs  []string `json:"message_ids"`
		Bad  []string `json:"bad_message_ids"`
		Made []string `json:"order_ids"`
	}
	if json.Unmarshal([]byte(line), &l) != nil || l.Msg != "accepted" {
		return
	}
	for i, id := range l.IDs {
		r.accepted[id] = false
		r.orders[id] = l.Made[i]
	}
	for _, id := range l.Bad {
		r.accepted[id] = true
	}
}

func (r *run) readProcessed(line string) {
	var l struct {
		Msg    string `json:"msg"`
		Origin string `json:"origin_message_id"`
	}
	if json.Unmarshal([]byte(line), &l) == nil && l.Msg == "processed" {
		r.processed[l.Origin]++
	}
}

func (r *run) readReplay(line string) {
	var l struct {
		Resp *replay `json:"resp"`
	}
	if json.Unmarshal([]byte(line), &l) == nil && l.Resp != nil && l.Resp.Replayed {
		r.replays = append(r.replays, *l.Resp)
	}
}

// logLines returns a function's log lines since a time, oldest first.
func (d *deployment) logLines(t *testing.T, function string, since time.Time) []string {
	t.Helper()
	group := d.logGroups[function]
	var lines []string
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(cloudwatchlogs.NewFromConfig(d.cfg), &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, StartTime: aws.Int64(since.UnixMilli()),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatalf("read the log of %s: %v", function, err)
		}
		for _, event := range page.Events {
			lines = append(lines, *event.Message)
		}
	}
	return lines
}

// reportTwice reports a message that is in the dead-letter queue twice. That is an
// error, unless an invocation of a retry function timed out, as on an overloaded
// computer: the function sends a copy before the original is deleted, so both exist
// after a timeout.
func reportTwice(t *testing.T, origin string, retryLog []string) {
	t.Helper()
	timedOut := func(line string) bool { return strings.Contains(line, "Status: timeout") }
	if slices.ContainsFunc(retryLog, timedOut) {
		t.Logf("message %s is in the dead-letter queue twice, after a timeout of a retry function", origin)
		return
	}
	t.Errorf("message %s is in the dead-letter queue twice, and no retry function timed out", origin)
}

// readDead reads the dead-letter queue and changes nothing except the receive counts,
// which each receive increases. It holds time if time skips: otherwise the messages of
// one receive are visible again before the next.
func (d *deployment) readDead(t *testing.T, r *run) {
	t.Helper()
	defer shared.hold(t)()
	client := sqs.NewFromConfig(d.cfg)
	url := d.queues["dlq"]
	var wait int32 // a long poll would not end while time is held
	if shared.onAWS() {
		wait = 1
	}
	var seen []types.Message
	for depth := d.depth(t, "dlq"); len(seen) < depth; {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 120, WaitTimeSeconds: wait,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}, MessageAttributeNames: []string{"All"},
		})
		if err != nil {
			t.Fatalf("read the dead-letter queue: %v", err)
		}
		if len(out.Messages) == 0 {
			if !shared.onAWS() { // counts are approximate on AWS
				t.Errorf("the dead-letter queue holds %d messages, and %d were received", depth, len(seen))
			}
			break
		}
		seen = append(seen, out.Messages...)
	}
	for _, m := range seen {
		origin := *m.MessageId
		if a, ok := m.MessageAttributes["origin_message_id"]; ok {
			origin = *a.StringValue
		}
		if _, ours := r.accepted[origin]; ours {
			if _, twice := r.dead[origin]; twice {
				reportTwice(t, origin, r.retryLog)
			}
			r.dead[origin] = m
		}
		if _, err := client.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			t.Errorf("make message %s visible: %v", *m.MessageId, err)
		}
	}
}
