package sqsbatch_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
	"github.com/reliableq/reliableq/sqsbatch"
)

// stage is an embedded AWS with a queue, its dead-letter queue, and a function that
// reads the queue. Service time skips all waiting.
type stage struct {
	t        *testing.T
	aws      *localawstest.Server
	sqs      *sqs.Client
	url, dlq string
	enable   func() // lets the mapping read
}

type stageOptions struct {
	fifo       bool
	receives   int           // maxReceiveCount; 3 by default
	timeout    time.Duration // of the function; 3 s by default
	notReports bool          // the mapping lacks ReportBatchItemFailures
}

func newStage(t *testing.T, o stageOptions) *stage {
	t.Helper()
	server := localawstest.NewWith(t, localaws.Options{NoAuth: true, ClockMode: clock.Skip})
	s := &stage{t: t, aws: server, sqs: sqs.NewFromConfig(server.Config())}
	suffix, attributes := "", map[string]string{}
	if o.fifo {
		suffix, attributes = ".fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"}
	}
	s.dlq = s.queue("dead"+suffix, attributes)
	attributes["VisibilityTimeout"] = "10"
	attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, s.arn("dead"+suffix), max(o.receives, 3))
	s.url = s.queue("orders"+suffix, attributes)

	functions := lambdasdk.NewFromConfig(server.Config())
	server.RegisterHandler("handler", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("not on stage yet") })
	if _, err := functions.CreateFunction(t.Context(), &lambdasdk.CreateFunctionInput{
		FunctionName: aws.String("handler"), Role: aws.String("arn:aws:iam::" + server.Account() + ":role/runs-functions"),
		Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &lambdatypes.FunctionCode{},
		Timeout: aws.Int32(int32(cmp.Or(o.timeout, 3*time.Second) / time.Second)),
	}); err != nil {
		t.Fatal(err)
	}
	mapping := &lambdasdk.CreateEventSourceMappingInput{
		FunctionName: aws.String("handler"), EventSourceArn: aws.String(s.arn("orders" + suffix)), BatchSize: aws.Int32(10), Enabled: aws.Bool(false),
	}
	if !o.notReports {
		mapping.FunctionResponseTypes = []lambdatypes.FunctionResponseType{lambdatypes.FunctionResponseTypeReportBatchItemFailures}
	}
	made, err := functions.CreateEventSourceMapping(t.Context(), mapping)
	if err != nil {
		t.Fatal(err)
	}
	s.enable = func() {
		if _, err := functions.UpdateEventSourceMapping(t.Context(), &lambdasdk.UpdateEventSourceMappingInput{UUID: made.UUID, Enabled: aws.Bool(true)}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *stage) arn(name string) string {
	return "arn:aws:sqs:" + s.aws.Region() + ":" + s.aws.Account() + ":" + name
}

func (s *stage) queue(name string, attributes map[string]string) string {
	s.t.Helper()
	out, err := s.sqs.CreateQueue(s.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		s.t.Fatal(err)
	}
	return *out.QueueUrl
}

// send sends a message ("group/body" for a FIFO queue); more may change the request.
func (s *stage) send(body string, more func(in *sqs.SendMessageInput)) {
	s.t.Helper()
	in := &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: aws.String(body)}
	if group, _, ok := strings.Cut(body, "/"); ok {
		in.MessageGroupId = &group
	}
	if more != nil {
		more(in)
	}
	if _, err := s.sqs.SendMessage(s.t.Context(), in); err != nil {
		s.t.Fatal(err)
	}
}

// play sends messages ("group/body" for a FIFO queue) to the handler, and returns when
// no event is left.
func (s *stage) play(h sqsbatch.Handler, bodies ...string) {
	s.t.Helper()
	s.aws.RegisterHandler("handler", func(ctx context.Context, event []byte) ([]byte, error) {
		// A new handler for each call: the result of Invoke is in a pooled buffer,
		// which the next call of the same handler may overwrite.
		return lambda.NewHandler(h).Invoke(ctx, event)
	})
	for _, body := range bodies {
		s.send(body, nil)
	}
	s.enable()
	if err := s.aws.Clock().Settle(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// dead receives the messages of the dead-letter queue, by body.
func (s *stage) dead() map[string]types.Message {
	s.t.Helper()
	s.aws.Clock().Hold() // otherwise time would skip until they are visible again
	defer s.aws.Clock().Release()
	found := map[string]types.Message{}
	for {
		out, err := s.sqs.ReceiveMessage(s.t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: &s.dlq, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		})
		if err != nil {
			s.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return found
		}
		for _, m := range out.Messages {
			found[*m.Body] = m
		}
	}
}

// diary records when each message was received, in service time.
type diary struct {
	mu    sync.Mutex // guards seen
	clock *clock.Clock
	seen  map[string][]time.Time
}

func (d *diary) note(body string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen == nil {
		d.seen = map[string][]time.Time{}
	}
	d.seen[body] = append(d.seen[body], d.clock.Now())
	return len(d.seen[body])
}

// gaps returns the whole seconds between the receives of a message.
func (d *diary) gaps(body string) []int {
	var out []int
	for i := 1; i < len(d.seen[body]); i++ {
		out = append(out, int(d.seen[body][i].Sub(d.seen[body][i-1]).Round(time.Second)/time.Second))
	}
	return out
}
