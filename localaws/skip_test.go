package localaws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/localawstest"
	localsqs "github.com/reliableq/reliableq/localaws/sqs"
)

// TestNothingIsSkippedWhileWorkIsInProgress has a timer in a quarter of an hour to
// skip to, and work in progress: the clock skips only after the work has ended.
func TestNothingIsSkippedWhileWorkIsInProgress(t *testing.T) {
	for name, begin := range map[string]func(t *testing.T, w *testServer, handler func(context.Context) error){
		"AnInvocation": func(t *testing.T, w *testServer, handler func(context.Context) error) {
			w.Function(t, localawstest.Function{Name: "f", Timeout: time.Minute, Handler: handler})
			go lambda.NewFromConfig(w.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})
		},
		"AnEventThatWasAccepted": func(t *testing.T, w *testServer, handler func(context.Context) error) {
			w.Function(t, localawstest.Function{Name: "f", Timeout: time.Minute, Handler: handler})
			in := &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent}
			ok[*lambda.InvokeOutput](t)(lambda.NewFromConfig(w.Config()).Invoke(t.Context(), in))
		},
		"ABatchOfAMapping": func(t *testing.T, w *testServer, handler func(context.Context) error) {
			work := w.queue(w.Config(), "work", map[string]string{"VisibilityTimeout": "7200"})
			w.Function(t, localawstest.Function{Name: "f", Timeout: time.Minute, Queue: "work", Handler: func(ctx context.Context, _ events.SQSEvent) error {
				return handler(ctx)
			}})
			w.send(w.Config(), work, "m")
		},
		"ARequest": func(t *testing.T, w *testServer, _ func(context.Context) error) {
			if _, err := w.Faults().Add(fault.Rule{Kind: fault.Slow, Operation: "ListQueues", Delay: time.Minute}); err != nil {
				t.Fatal(err)
			}
			go sqs.NewFromConfig(w.Config()).ListQueues(t.Context(), &sqs.ListQueuesInput{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTestServer(t, localaws.Options{})
				url := w.queue(w.Config(), "q", nil)
				release := make(chan struct{})
				begin(t, w, func(context.Context) error { <-release; return nil })
				synctest.Wait()
				ok[*sqs.SendMessageOutput](t)(sqs.NewFromConfig(w.Config()).SendMessage(t.Context(), &sqs.SendMessageInput{
					QueueUrl: url, MessageBody: aws.String("later"), DelaySeconds: 900,
				}))
				synctest.Wait() // everything that does not need time has happened
				if by := w.Clock().Skipped(); by != 0 {
					t.Errorf("%s were skipped while work was in progress", by)
				}
				close(release)
				w.settle()
				if by := w.Clock().Skipped(); by < 13*time.Minute {
					t.Errorf("only %s were skipped after the work had ended", by)
				}
			})
		})
	}
}

// TestTimeIsSkippedDuringALongPoll waits for a message that is delayed.
func TestTimeIsSkippedDuringALongPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestServer(t, localaws.Options{})
		url := w.queue(w.Config(), "q", nil)
		began := time.Now()
		for range 3 {
			ok[*sqs.ReceiveMessageOutput](t)(sqs.NewFromConfig(w.Config()).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20}))
		}
		if by, machine := w.Clock().Skipped(), time.Since(began); by != time.Minute || machine != 0 {
			t.Errorf("three polls skipped %s and took %s of the machine's time, want a minute and none", by, machine)
		}
	})
}

// TestNothingIsSkippedToUpkeepTasks has messages, deduplication ids and logs whose
// expiry the clock must not skip to.
func TestNothingIsSkippedToUpkeepTasks(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	url := w.queue(w.Config(), "q", map[string]string{"MessageRetentionPeriod": "60"})
	fifo := w.queue(w.Config(), "q.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
	w.send(w.Config(), url, "m")
	ok[*sqs.SendMessageOutput](t)(sqs.NewFromConfig(w.Config()).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: fifo, MessageBody: aws.String("m"), MessageGroupId: aws.String("g")}))
	w.Function(t, localawstest.Function{Name: "f", Handler: func() error { return nil }})
	ok[*lambda.InvokeOutput](t)(lambda.NewFromConfig(w.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")}))
	w.settle()
	if s := w.Clock().State(); s.Skipped != 0 || s.Transitions != 0 || s.Upkeep == 0 {
		t.Errorf("%+v: want nothing skipped, no transitions, and upkeep", s)
	}
}

// TestMachineTimeIsNotSkipped checks what processes use with service time days ahead
// of machine time: a function's deadline, and credentials that expire after an hour.
func TestMachineTimeIsNotSkipped(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	w.queue(w.Config(), "out", nil)
	w.Function(t, localawstest.Function{Name: "f", Timeout: 20 * time.Second, Handler: func(ctx context.Context) error {
		deadline, _ := ctx.Deadline()
		if left := time.Until(deadline); left <= 0 || left > 20*time.Second {
			return fmt.Errorf("the deadline is %s away", left)
		}
		_, err := sqs.NewFromConfig(w.FunctionConfig(ctx)).GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("out")})
		return err
	}})
	for range 2 { // the second uses the environment of the first
		out := ok[*lambda.InvokeOutput](t)(lambda.NewFromConfig(w.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")}))
		if out.FunctionError != nil {
			t.Fatalf("%s", out.Payload)
		}
		w.Advance(t, 72*time.Hour)
	}
}

// TestSkippingHasTheSequenceOfRealTime sends the same messages in real time, which is
// short in a synctest bubble, and in skipped time. The same events happen, in the same
// sequence and at the same times.
func TestSkippingHasTheSequenceOfRealTime(t *testing.T) {
	var logs [2]string
	for i, mode := range []clock.Mode{clock.Real, clock.Skip} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var seen []string
			names := map[string]int{}
			began := time.Now()
			w := &testServer{localawstest.NewWith(t, localaws.Options{ClockMode: mode, ClockStart: began, Seed: 1, Observe: func(e localsqs.Event) {
				mu.Lock()
				defer mu.Unlock()
				if _, known := names[e.MessageID]; !known {
					names[e.MessageID] = len(names)
				}
				seen = append(seen, fmt.Sprintf("%8s %s %s of %d", e.Time.Sub(began).Round(time.Millisecond), e.Queue, e.Kind, names[e.MessageID]))
			}}), t}
			w.queue(w.Config(), "dead", nil)
			url := w.queue(w.Config(), "q", map[string]string{
				"VisibilityTimeout": "700", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":3}`,
			})
			w.Function(t, localawstest.Function{Name: "f", Queue: "q", BatchSize: 1, Handler: func(_ context.Context, e events.SQSEvent) error {
				if e.Records[0].Body == "bad" {
					return errors.New("rejected")
				}
				return nil
			}})
			w.Clock().Hold() // all are sent at the same time
			for n, body := range []string{"bad", "good", "bad", "good", "good"} {
				ok[*sqs.SendMessageOutput](t)(sqs.NewFromConfig(w.Config()).SendMessage(t.Context(), &sqs.SendMessageInput{
					QueueUrl: url, MessageBody: &body, DelaySeconds: int32(60 + 97*n),
				}))
			}
			w.Clock().Release()
			w.settle()
			logs[i] = strings.Join(seen, "\n")
		})
	}
	if logs[0] != logs[1] || strings.Count(logs[0], "moved") != 2 {
		t.Errorf("in real time:\n%s\nskipped:\n%s", logs[0], logs[1])
	}
}
