package localaws_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// TestShutdownEndsRequestsThatWaitForTheClock has requests wait on a held clock: a
// server that shuts down ends them with an error.
func TestShutdownEndsRequestsThatWaitForTheClock(t *testing.T) {
	t.Parallel()
	w := &testServer{localawstest.NewWith(t, localaws.Options{Addr: "127.0.0.1:0", ClockMode: clock.Manual}), t}
	ok[*sqs.SendMessageOutput](t)(sqs.NewFromConfig(w.Config()).SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: w.queue(w.Config(), "q", nil), MessageBody: aws.String("m"), DelaySeconds: 900,
	}))
	type response struct {
		status int
		text   string
		err    error
	}
	done := make(chan response, 1)
	reading := make(chan struct{})
	go func() {
		trace := &httptrace.ClientTrace{Got100Continue: func() { close(reading) }}
		r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodPost,
			w.URL()+"/_reliableq/clock/settle", strings.NewReader("{}"))
		if err != nil {
			done <- response{err: err}
			return
		}
		r.Header.Set("Authorization", "Bearer "+w.ControlToken())
		r.Header.Set("Expect", "100-continue") // the server continues when it reads the body
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			done <- response{err: err}
			return
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		done <- response{resp.StatusCode, string(text), err}
	}()
	<-reading
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	got := <-done
	if got.err != nil || got.status != http.StatusServiceUnavailable || !strings.Contains(got.text, "the server is shutting down") {
		t.Errorf("%d %s %v, want 503 and the reason", got.status, got.text, got.err)
	}
}

// TestShutdownEndsWaitsInASynctestBubble starts a long poll, a settle and a handler
// without a listener. A goroutine that remained would fail the bubble.
func TestShutdownEndsWaitsInASynctestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := localawstest.NewWith(t, localaws.Options{ClockMode: clock.Manual})
		w := &testServer{server, t}
		queue := w.queue(w.Config(), "q", map[string]string{"DelaySeconds": "900"})
		w.send(w.Config(), queue, "later")
		server.Function(t, localawstest.Function{Name: "f", Handler: func(ctx context.Context) error {
			<-ctx.Done() // ends with the timeout
			return ctx.Err()
		}})
		ended := make(chan error, 3)
		go func() {
			_, err := sqs.NewFromConfig(w.Config()).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue, WaitTimeSeconds: 20})
			ended <- err
		}()
		synctest.Wait()
		go func() {
			if err := server.Clock().Settle(t.Context()); !errors.Is(err, clock.ErrClosed) {
				t.Errorf("settle returned %v", err)
			}
			ended <- nil
		}()
		go func() {
			_, err := lambda.NewFromConfig(w.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})
			ended <- err
		}()
		synctest.Wait()
		for range 2 { // as when a test and its Cleanup both shut down
			if err := server.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}
		for range 3 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}
