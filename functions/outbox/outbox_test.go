package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/functions/outbox"
)

// The SDK's client implements the interface of an outbox.
var _ outbox.API = (*sqs.Client)(nil)

// service is a fake SQS: it refuses each body a number of times.
type service struct {
	unknown      int            // number of look-ups that find no queue
	busy         map[string]int // by body: number of refusals with a server error
	clientErrors map[string]bool
	err          error
	batches      [][]string
	accepted     []string
	delays       map[string]int32
}

func (s *service) GetQueueUrl(_ context.Context, in *sqs.GetQueueUrlInput, _ ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error) {
	if s.unknown--; s.unknown >= 0 {
		return nil, &types.QueueDoesNotExist{}
	}
	return &sqs.GetQueueUrlOutput{QueueUrl: aws.String("http://host/1/" + *in.QueueName)}, nil
}

func (s *service) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	if s.err != nil {
		return nil, s.err
	}
	out := &sqs.SendMessageBatchOutput{}
	var batch []string
	for _, e := range in.Entries {
		body := *e.MessageBody
		batch = append(batch, body)
		switch s.busy[body]--; {
		case s.busy[body] >= 0:
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: aws.String("InternalError"), Message: aws.String("busy")})
		case s.clientErrors[body]:
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{
				Id: e.Id, SenderFault: true, Code: aws.String("InvalidMessageContents"), Message: aws.String("no"),
			})
		default:
			s.accepted = append(s.accepted, body)
			s.delays[body] = e.DelaySeconds
			out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id, MessageId: aws.String("id-" + body)})
		}
	}
	s.batches = append(s.batches, batch)
	return out, nil
}

func open(t testing.TB, s *service) *outbox.Outbox {
	t.Helper()
	if s.busy == nil {
		s.busy = map[string]int{}
	}
	s.delays = map[string]int32{}
	o, err := outbox.Open(t.Context(), s, "orders")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func messages(bodies ...string) []outbox.Message {
	var out []outbox.Message
	for _, body := range bodies {
		out = append(out, outbox.Message{Body: body})
	}
	return out
}

func TestMessagesAreSentInBatchesOfTenInOrder(t *testing.T) {
	t.Parallel()
	var bodies []string
	for i := range 23 {
		bodies = append(bodies, fmt.Sprint(i))
	}
	s := &service{}
	for i, r := range open(t, s).Send(t.Context(), messages(bodies...)) {
		if r.Err != nil || r.ID != "id-"+bodies[i] {
			t.Errorf("message %d: %+v", i, r)
		}
	}
	if diff := cmp.Diff(bodies, s.accepted); diff != "" || len(s.batches) != 3 {
		t.Errorf("%d batches: %s", len(s.batches), diff)
	}
}

func TestBatchesHaveAtMostOneMebibyte(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 400<<10) // SQS H3: a request takes 1 MiB in all
	s := &service{}
	open(t, s).Send(t.Context(), messages("a"+big, "b"+big, "c"+big, "d"+strings.Repeat("x", 2<<20), "e"))
	var sizes []int
	for _, batch := range s.batches {
		sizes = append(sizes, len(batch))
	}
	if diff := cmp.Diff([]int{2, 1, 1, 1}, sizes); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyFailedEntriesAreSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{busy: map[string]int{"b": 3}, clientErrors: map[string]bool{"c": true}}
		results := open(t, s).Send(t.Context(), messages("a", "b", "c"))
		if diff := cmp.Diff([][]string{{"a", "b", "c"}, {"b"}, {"b"}, {"b"}}, s.batches); diff != "" {
			t.Error(diff)
		}
		if results[0].ID != "id-a" || results[1].ID != "id-b" || results[1].Err != nil {
			t.Errorf("results %+v", results)
		}
		if err := results[2].Err; err == nil || !strings.Contains(err.Error(), "InvalidMessageContents: no") {
			t.Errorf("c: %v", err)
		}
	})
}

func TestResendingEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{busy: map[string]int{"a": 1 << 30}}
		results := open(t, s).Send(t.Context(), messages("a", "b"))
		if results[0].Err == nil || results[1].Err != nil || len(s.batches) != 9 {
			t.Errorf("after %d requests: %+v", len(s.batches), results)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if results = open(t, s).Send(ctx, messages("x")); !errors.Is(results[0].Err, context.Canceled) {
			t.Errorf("after the end: %v", results[0].Err)
		}
	})
}

func TestAFailedRequestFailsItsMessages(t *testing.T) {
	t.Parallel()
	s := &service{}
	o := open(t, s)
	s.err = errors.New("access denied")
	for _, r := range o.Send(t.Context(), messages("a", "b")) {
		if !errors.Is(r.Err, s.err) || r.ID != "" {
			t.Errorf("result %+v", r)
		}
	}
}

func TestDelayIsRoundedUpAndBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		delay := time.Duration(rapid.Int64().Draw(rt, "delay"))
		s := &service{}
		open(t, s).Send(t.Context(), []outbox.Message{{Body: "a", Delay: delay}})
		got := time.Duration(s.delays["a"]) * time.Second
		switch { // SQS F6: 900 s
		case delay <= 0 && got != 0, delay > 900*time.Second && got != 900*time.Second:
			rt.Fatalf("%v became %v", delay, got)
		case delay > 0 && delay <= 900*time.Second && (got < delay || got-delay >= time.Second):
			rt.Fatalf("%v became %v", delay, got)
		}
	})
}

func TestOpenRetriesUntilTheQueueExists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		open(t, &service{unknown: 3})
		_, err := outbox.Open(t.Context(), &service{unknown: 1 << 30}, "odrers")
		var missing *types.QueueDoesNotExist
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), "find queue odrers") {
			t.Errorf("error %v", err)
		}
	})
}

func TestClientReadsTheAWSEnvironment(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_REGION", "eu-north-1")
	client, err := outbox.Client(t.Context())
	if err != nil || client.Options().Region != "eu-north-1" || aws.ToString(client.Options().BaseEndpoint) != "http://127.0.0.1:1" {
		t.Errorf("%v, %+v", err, client.Options())
	}
}
