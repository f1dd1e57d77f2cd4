package localawstest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// bubble runs a test in a bubble and fails it if machine time shows that it waited.
// The limit is generous: it distinguishes hours from milliseconds.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	began := time.Now()
	synctest.Test(t, test)
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}

func send(t *testing.T, server *localawstest.Server, url *string, body string) {
	t.Helper()
	if _, err := sqs.NewFromConfig(server.Config()).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}); err != nil {
		t.Fatal(err)
	}
}

// Two servers in one bubble are independent and share its time.
func TestTwoServersInOneBubble(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var seen [2][]time.Duration
		began := time.Now()
		for i := range seen {
			server := localawstest.New(t)
			url := makeQueue(t, server, "q", map[string]string{"VisibilityTimeout": "3600"})
			server.Function(t, localawstest.Function{Name: "f", Queue: "q", Handler: func(context.Context, events.SQSEvent) error {
				seen[i] = append(seen[i], time.Since(began))
				if len(seen[i]) < 3 {
					return errors.New("again")
				}
				return nil
			}})
			send(t, server, url, "m")
			defer func() {
				if err := server.Clock().Settle(t.Context()); err != nil {
					t.Error(err)
				}
				if len(seen[i]) != 3 || seen[i][2] != 2*time.Hour {
					t.Errorf("server %d delivered after %v", i, seen[i])
				}
			}()
		}
	})
}

// A client that polls for 20 seconds gets a response while others settle, in every
// clock mode of a bubble, and no poll prevents the server from settling.
func TestALongPollAndASettleInABubble(t *testing.T) {
	for _, mode := range []clock.Mode{clock.Real, clock.Skip} {
		t.Run(mode.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				server := localawstest.NewWith(t, localaws.Options{ClockMode: mode})
				url := makeQueue(t, server, "q", nil)
				client := sqs.NewFromConfig(server.Config())
				began := server.Clock().Now()
				got := make(chan int, 2)
				poll := func() {
					out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20})
					if err != nil {
						t.Error(err)
					}
					got <- len(out.Messages)
				}
				go poll()
				synctest.Wait()
				if err := server.Clock().Settle(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := <-got; n != 0 || server.Clock().Now().Sub(began) != 20*time.Second {
					t.Errorf("%d messages after %s, want none after 20s", n, server.Clock().Now().Sub(began))
				}
				if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m"), DelaySeconds: 10}); err != nil {
					t.Fatal(err)
				}
				go poll()
				if n := <-got; n != 1 {
					t.Errorf("a poll got %d messages, want the delayed one", n)
				}
			})
		})
	}
}

// A handler that never returns is abandoned at its function's timeout, and the bubble
// ends when the handler does.
func TestABlockedHandlerIsAbandoned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := localawstest.New(t)
		release := make(chan struct{})
		var left sync.WaitGroup
		left.Add(1)
		server.Function(t, localawstest.Function{Name: "f", Timeout: 5 * time.Second, Handler: func() error {
			defer left.Done()
			<-release // it ignores its context
			return nil
		}})
		began := time.Now()
		out, err := lambda.NewFromConfig(server.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})
		if err != nil || out.FunctionError == nil || time.Since(began) < 5*time.Second {
			t.Errorf("%v, %v after %s", out, err, time.Since(began))
		}
		close(release)
		left.Wait()
	})
}

// A server that was created outside of the bubble that calls it returns an error.
// Otherwise the whole test would crash, much later.
func TestAServerFromOutsideIsRefusedInABubble(t *testing.T) {
	server := localawstest.New(t)
	url := makeQueue(t, server, "q", nil)
	bubble(t, func(t *testing.T) {
		_, err := sqs.NewFromConfig(server.Config()).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m")})
		if err == nil || !strings.Contains(err.Error(), "create it inside the bubble") {
			t.Errorf("error %v", err)
		}
	})
	send(t, server, url, "m") // outside of the bubble it still works
}

// A server that listens would block a bubble, and is refused there.
func TestAServerThatListensIsRefusedInABubble(t *testing.T) {
	bubble(t, func(t *testing.T) {
		failed := &refused{TB: t}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			localawstest.NewListening(failed)
		}()
		<-ended
		if !strings.Contains(failed.text, "cannot be in a testing/synctest bubble") {
			t.Errorf("the error is %q", failed.text)
		}
	})
}

// refused is a test that records its failure.
type refused struct {
	testing.TB
	text string
}

func (r *refused) Fatalf(format string, args ...any) {
	r.text = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// Tests with separate servers run in parallel.
func TestServersRunInParallel(t *testing.T) {
	t.Parallel()
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				server := localawstest.New(t)
				url := makeQueue(t, server, "q", nil)
				send(t, server, url, "m")
				if err := server.Clock().Settle(t.Context()); err != nil {
					t.Error(err)
				}
				if got, err := server.Peek("q"); err != nil || len(got) != 1 {
					t.Errorf("%v %v", got, err)
				}
			})
		})
	}
}
