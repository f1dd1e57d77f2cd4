package flow_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// bench has three queues in an embedded AWS whose clock only the test advances.
type bench struct {
	aws *localawstest.Server
	sqs *sqs.Client
	d   flow.Deployment
}

func setup(t *testing.T) *bench {
	t.Helper()
	return setupIn(t, clock.Manual)
}

// setupIn is setup with another clock mode.
func setupIn(t *testing.T, mode clock.Mode) *bench {
	t.Helper()
	b := &bench{aws: localawstest.NewWith(t, localaws.Options{Addr: "127.0.0.1:0", NoAuth: true, ClockMode: mode})}
	b.sqs = sqs.NewFromConfig(b.aws.Config())
	b.d = flow.Deployment{Path: []string{"source", "retry_1", "dlq"}, QueueURLs: map[string]string{}}
	for _, key := range b.d.Path {
		out, err := b.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &key})
		if err != nil {
			t.Fatal(err)
		}
		b.d.QueueURLs[key] = *out.QueueUrl
	}
	return b
}

// send puts n messages into a queue and returns their ids.
func (b *bench) send(t *testing.T, key string, n int, delay int32, attributes map[string]string) []string {
	t.Helper()
	typed := map[string]sqstypes.MessageAttributeValue{}
	for name, value := range attributes {
		typed[name] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
	}
	var ids []string
	for i := range n {
		out, err := b.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: aws.String(b.d.QueueURLs[key]), MessageBody: aws.String(fmt.Sprint(i)), DelaySeconds: delay, MessageAttributes: typed,
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, *out.MessageId)
	}
	return ids
}

func TestDepths(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.send(t, "source", 3, 0, nil)
	b.send(t, "source", 2, 60, nil)
	if _, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(b.d.QueueURLs["source"])}); err != nil {
		t.Fatal(err)
	}
	depths, err := flow.New(b.aws.Config(), nil).Depths(t.Context(), b.d)
	if err != nil {
		t.Fatal(err)
	}
	if got := depths[0]; got.Queue != "source" || got.Visible != 2 || got.InFlight != 1 || got.Delayed != 2 || got.Total() != 5 {
		t.Errorf("source: %+v", got)
	}
	if got := depths[2]; got.Queue != "dlq" || got.Total() != 0 {
		t.Errorf("dlq: %+v", got)
	}
}

func TestDeadLettersLeavesTheMessages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	plain := b.send(t, "dlq", 13, 0, nil)
	b.send(t, "dlq", 12, 0, map[string]string{"origin_message_id": "first", "sqs-dlq-replay-cnt": "3"})
	client := flow.New(b.aws.Config(), nil)
	for range 2 {
		letters, unseen, err := client.DeadLetters(t.Context(), b.d)
		if err != nil || unseen != 0 || len(letters) != 25 {
			t.Fatalf("%d letters, %d unseen, %v", len(letters), unseen, err)
		}
		origins := map[string]int{}
		for _, l := range letters {
			origins[l.Origin]++
			if l.Origin == "first" && l.Replays != 3 || l.Origin == l.ID && l.Replays != 0 {
				t.Errorf("letter %+v", l)
			}
		}
		if origins["first"] != 12 || origins[plain[0]] != 1 || len(origins) != 14 {
			t.Errorf("origins %v", origins)
		}
		depths, err := client.Depths(t.Context(), b.d)
		if err != nil || depths[2].Visible != 25 {
			t.Errorf("after reading: %+v, %v", depths[2], err)
		}
	}
}

func TestMessagesInFlightAreCountedAsUnseen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.send(t, "dlq", 3, 0, nil)
	if _, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(b.d.DLQ())}); err != nil {
		t.Fatal(err)
	}
	read, done := make(chan struct{}), make(chan struct{})
	go func() { // each long poll of the reader needs a second of service time
		defer close(done)
		for {
			select {
			case <-read:
				return
			default:
			}
			if s := b.aws.Clock().State(); !s.NextTransition.IsZero() && s.NextTransition.Sub(s.Now) <= time.Second {
				b.aws.Advance(t, time.Second)
			}
			runtime.Gosched()
		}
	}()
	letters, unseen, err := flow.New(b.aws.Config(), nil).DeadLetters(t.Context(), b.d)
	close(read)
	<-done
	if err != nil || len(letters) != 2 || unseen != 1 {
		t.Errorf("%d letters, %d unseen, %v", len(letters), unseen, err)
	}
}

func TestTailReturnsEachEventOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	logs := cloudwatchlogs.NewFromConfig(b.aws.Config())
	group, stream := "/aws/lambda/consumer", "one"
	client := flow.New(b.aws.Config(), nil)
	since := b.aws.Clock().Now().Add(-time.Hour)
	tail := client.Tail(group, since, "")
	next := func() []string {
		t.Helper()
		lines, err := tail.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, l := range lines {
			texts = append(texts, l.Text)
		}
		return texts
	}
	if got := next(); got != nil {
		t.Errorf("before the group exists: %v", got)
	}
	if _, err := logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group}); err != nil {
		t.Fatal(err)
	}
	if _, err := logs.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &stream}); err != nil {
		t.Fatal(err)
	}
	put := func(texts ...string) {
		t.Helper()
		in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: &stream}
		for _, text := range texts {
			in.LogEvents = append(in.LogEvents, logtypes.InputLogEvent{Timestamp: aws.Int64(b.aws.Clock().Now().UnixMilli()), Message: &text})
		}
		if _, err := logs.PutLogEvents(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	put("START\n", "one")
	if diff := cmp.Diff([]string{"START", "one"}, next()); diff != "" {
		t.Error(diff)
	}
	put("two")
	if diff := cmp.Diff([]string{"two"}, next()); diff != "" {
		t.Error(diff)
	}
	b.aws.Advance(t, 10*time.Minute)
	put("three")
	if diff := cmp.Diff([]string{"three"}, next()); diff != "" {
		t.Error(diff)
	}
	if got := next(); got != nil {
		t.Errorf("nothing new: %v", got)
	}
}

func TestFromOutputs(t *testing.T) {
	t.Parallel()
	out := map[string]json.RawMessage{
		"queue_path":        json.RawMessage(`["source","retry_1","retry_2","dlq"]`),
		"queue_urls":        json.RawMessage(`{"source":"s","retry_1":"r1","retry_2":"r2","dlq":"d"}`),
		"function_names":    json.RawMessage(`{"retry_2":"f2","retry_1":"f1","producer":"p","consumer":"c"}`),
		"log_group_names":   json.RawMessage(`{"producer":"/aws/lambda/p"}`),
		"mapping_uuids":     json.RawMessage(`{"consumer":"u"}`),
		"failure_reporting": json.RawMessage(`"per_message"`),
	}
	d, err := flow.FromOutputs(out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"producer", "consumer", "retry_1", "retry_2"}, d.FunctionKeys()); diff != "" {
		t.Error(diff)
	}
	if d.DLQ() != "d" || len(d.QueuesWithFunctions()) != 3 || slices.Contains(d.QueuesWithFunctions(), "dlq") {
		t.Errorf("dlq %s, live %v", d.DLQ(), d.QueuesWithFunctions())
	}
	for name := range out {
		t.Run(name, func(t *testing.T) {
			without := maps.Clone(out)
			delete(without, name)
			if _, err := flow.FromOutputs(without); hint.Of(err) == "" {
				t.Errorf("without %s: %v", name, err)
			}
		})
	}
}

func TestFromInventoryOrdersThePath(t *testing.T) {
	t.Parallel()
	d := flow.FromInventory(infra.Inventory{
		QueueURLs: map[string]string{"dlq": "d", "retry_10": "r10", "retry_2": "r2", "source": "s"},
		Functions: map[string]string{"producer": "reliable_q_producer"},
	})
	if diff := cmp.Diff([]string{"source", "retry_2", "retry_10", "dlq"}, d.Path); diff != "" {
		t.Error(diff)
	}
	if got := d.LogGroups["producer"]; got != "/aws/lambda/reliable_q_producer" {
		t.Errorf("log group %s", got)
	}
}
