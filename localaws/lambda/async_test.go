package lambda

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	deadQueue = "arn:aws:sqs:us-east-1:000000000000:dead"
	goodQueue = "arn:aws:sqs:us-east-1:000000000000:good"
)

// failingHandler fails a number of times and records when it ran.
type failingHandler struct {
	mu    sync.Mutex
	fails int
	at    []time.Duration
}

func (m *failingHandler) handle(b *testService) func(context.Context, []byte) ([]byte, error) {
	return func(_ context.Context, event []byte) ([]byte, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.at = append(m.at, b.clock.Now().Sub(epoch))
		if m.fails--; m.fails >= 0 {
			return nil, errors.New("temporary error")
		}
		return event, nil
	}
}

func (m *failingHandler) times() []time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]time.Duration(nil), m.at...)
}

// event sends an asynchronous invocation.
func (b *testService) event(t testing.TB, name, payload string) {
	t.Helper()

	out, err := b.tryInvoke(t, &InvokeInput{
		FunctionName:   name,
		InvocationType: "Event",
		Payload:        []byte(payload),
	})
	if err != nil || out.StatusCode != 202 || out.ExecutedVersion != "" || out.Payload != nil {
		t.Fatalf("C37: %+v %v", out, err)
	}
}

func (b *testService) advance(t testing.TB, d time.Duration) {
	t.Helper()

	wait, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := b.clock.Advance(wait, d); err != nil {
		t.Fatal(err)
	}
}

// createHandler creates a function that is a registered Go handler.
func (b *testService) createHandler(t testing.TB, name string, h func(context.Context, []byte) ([]byte, error), change ...func(*CreateFunctionInput)) {
	t.Helper()

	b.RegisterHandler(name, h)
	value := func(in *CreateFunctionInput) {
		in.Code = &FunctionCode{}
		in.Timeout = nil
	}
	b.create(t, name, append([]func(*CreateFunctionInput){value}, change...)...)
}

func (b *testService) destinations(t testing.TB, name string, in FunctionEventInvokeConfigInput) {
	t.Helper()

	in.FunctionName = name
	if _, err := b.PutFunctionEventInvokeConfig(ctx, b.call, &in); err != nil {
		t.Fatal(err)
	}
}

func toQueues() *DestinationConfig {
	return &DestinationConfig{OnSuccess: &Destination{ptr(goodQueue)}, OnFailure: &Destination{ptr(deadQueue)}}
}

// LAM C50: the record of a failed event.
func TestFailedEventIsRetriedAfterOneAndTwoMinutes_C48(t *testing.T) {
	t.Parallel()

	b := start(t)
	m := &failingHandler{fails: 9}
	b.createHandler(t, "f", m.handle(b), func(in *CreateFunctionInput) { in.DeadLetterConfig = &DeadLetterConfigInput{ptr(deadQueue)} })
	b.destinations(t, "f", FunctionEventInvokeConfigInput{DestinationConfig: toQueues()})
	b.event(t, "f", `{"n":1}`)
	b.advance(t, time.Hour)
	if diff := cmp.Diff([]time.Duration{0, time.Minute, 3 * time.Minute}, m.times()); diff != "" {
		t.Error(diff)
	}

	b.backends.mu.Lock()
	defer b.backends.mu.Unlock()
	if len(b.backends.sent) != 2 {
		t.Fatalf("%d messages, want destination and dead-letter queue (C49)", len(b.backends.sent))
	}

	got := decode(t, []byte(b.backends.sent[0].body))
	want := decode(t, []byte(`{"version":"1.0","timestamp":"2026-01-02T03:07:05.678Z",
		"requestContext":{"requestId":"`+b.call.RequestID+`","functionArn":"arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
			"condition":"RetriesExhausted","approximateInvokeCount":3},
		"requestPayload":{"n":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},
		"responsePayload":{"errorMessage":"temporary error","errorType":"errorString"}}`))

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("C50: %s", diff)
	}

	dead := b.backends.sent[1]
	attributes := map[string]Attribute{
		"RequestID":    {"String", b.call.RequestID},
		"ErrorCode":    {"Number", "200"},
		"ErrorMessage": {"String", "temporary error"},
	}

	if diff := cmp.Diff(attributes, dead.attributes); diff != "" || dead.body != `{"n":1}` || dead.queue != deadQueue {
		t.Errorf("C49: %+v %s", dead, diff)
	}
}

func TestRequestIDIsTheSameOnEveryAttempt_C48(t *testing.T) {
	t.Parallel()

	b := start(t)
	m := &failingHandler{fails: 1}
	b.createHandler(t, "f", m.handle(b))
	b.destinations(t, "f", FunctionEventInvokeConfigInput{DestinationConfig: toQueues()})
	b.event(t, "f", `{}`)
	b.advance(t, time.Hour)
	if diff := cmp.Diff([]time.Duration{0, time.Minute}, m.times()); diff != "" {
		t.Error(diff)
	}

	starts := 0
	for _, line := range b.backends.log() {
		if line == "START RequestId: "+b.call.RequestID+" Version: $LATEST" {
			starts++
		}
	}

	if starts != 2 {
		t.Errorf("%d START lines with the request's id", starts)
	}

	got := decode(t, []byte(b.backends.sent[0].body))["requestContext"].(map[string]any)
	if b.backends.sent[0].queue != goodQueue || got["condition"] != "Success" || got["approximateInvokeCount"] != 2.0 {
		t.Errorf("%v", got)
	}
}

func TestRetriesAndEventAgeAreConfigurable_C34(t *testing.T) {
	t.Parallel()

	b := start(t)
	none := &failingHandler{fails: 9}
	old := &failingHandler{fails: 9}
	b.createHandler(t, "none", none.handle(b))
	b.createHandler(t, "old", old.handle(b))
	b.destinations(t, "none", FunctionEventInvokeConfigInput{MaximumRetryAttempts: ptr(0), DestinationConfig: toQueues()})
	b.destinations(t, "old", FunctionEventInvokeConfigInput{MaximumEventAgeInSeconds: ptr(90), DestinationConfig: toQueues()})
	b.event(t, "none", `{}`)
	b.advance(t, time.Hour)
	b.event(t, "old", `{}`)
	b.advance(t, time.Hour)
	if len(none.times()) != 1 || len(old.times()) != 2 {
		t.Errorf("%d and %d attempts, want 1 and 2", len(none.times()), len(old.times()))
	}

	last := decode(t, []byte(b.backends.sent[len(b.backends.sent)-1].body))["requestContext"].(map[string]any)
	if last["condition"] != "EventAgeExceeded" {
		t.Errorf("condition %v", last["condition"])
	}
}

func TestZeroReservedConcurrencySendsEventsToTheDestination_C51(t *testing.T) {
	t.Parallel()

	b := start(t)
	m := &failingHandler{}
	b.createHandler(t, "f", m.handle(b))
	b.destinations(t, "f", FunctionEventInvokeConfigInput{DestinationConfig: toQueues()})
	if _, err := b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"f", ptr(0)}); err != nil {
		t.Fatal(err)
	}

	b.event(t, "f", `{"n":1}`)
	b.advance(t, time.Second)
	got := decode(t, []byte(b.backends.sent[0].body))
	context := got["requestContext"].(map[string]any)
	if context["condition"] != "ZeroReservedConcurrency" || context["approximateInvokeCount"] != 0.0 || got["responseContext"] != nil {
		t.Errorf("%v", got)
	}

	if len(m.times()) != 0 {
		t.Errorf("it ran %d times", len(m.times()))
	}
}

func TestThrottledEventIsRetriedWithGrowingDelay_C48(t *testing.T) {
	t.Parallel()

	b := start(t)
	release := make(chan struct{})
	busy := make(chan struct{})
	ran := make(chan time.Duration, 1)
	b.createHandler(t, "f", func(_ context.Context, event []byte) ([]byte, error) {
		if string(event) == `"first"` {
			close(busy)
			<-release
			return nil, nil
		}
		ran <- b.clock.Now().Sub(epoch)
		return nil, nil
	}, func(in *CreateFunctionInput) { in.Timeout = ptr(60) })

	if _, err := b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"f", ptr(1)}); err != nil {
		t.Fatal(err)
	}

	first := make(chan error, 1)
	go func() {
		_, err := b.Invoke(ctx, b.call, &InvokeInput{FunctionName: "f", Payload: []byte(`"first"`)})
		first <- err
	}()

	<-busy
	e := &asyncEvent{
		ID:       "e",
		Account:  "000000000000",
		Region:   "us-east-1",
		Name:     "f",
		Payload:  []byte(`"second"`),
		Accepted: epoch,
	}

	var waits []time.Duration
	for range 11 {
		b.attempt(e)
		waits = append(waits, e.Backoff)
	}

	s := time.Second
	want := []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s, 256 * s, 300 * s, 300 * s}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Error(diff)
	}

	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
}

func TestDestinationCanBeAFunction(t *testing.T) {
	t.Parallel()

	b := start(t)
	got := make(chan string, 1)
	b.createHandler(t, "f", echo)
	b.createHandler(t, "next", func(_ context.Context, event []byte) ([]byte, error) {
		got <- string(event)
		return nil, nil
	})

	b.destinations(t, "f", FunctionEventInvokeConfigInput{DestinationConfig: &DestinationConfig{
		OnSuccess: &Destination{ptr("arn:aws:lambda:us-east-1:000000000000:function:next")},
	}})

	b.event(t, "f", `{"n":7}`)
	b.advance(t, time.Second)
	if record := decode(t, []byte(<-got)); fmt.Sprint(record["responsePayload"]) != "map[n:7]" {
		t.Errorf("%v", record)
	}
}

func TestInvalidEventInvokeConfigsAreRefused_C34(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	to := func(arn string) *DestinationConfig { return &DestinationConfig{OnFailure: &Destination{&arn}} }
	for _, tc := range []struct {
		name    string
		in      FunctionEventInvokeConfigInput
		code    string
		status  int
		message string
	}{
		{
			"empty", FunctionEventInvokeConfigInput{FunctionName: "f"}, "InvalidParameterValueException", 400,
			"You must specify at least one of error handling or destination setting.",
		},
		{"gone", FunctionEventInvokeConfigInput{FunctionName: "g", MaximumRetryAttempts: ptr(1)}, "ResourceNotFoundException", 404, "The function doesn't exist."},
		{
			"itself", FunctionEventInvokeConfigInput{FunctionName: "f", DestinationConfig: to("arn:aws:lambda:us-east-1:000000000000:function:f")},
			"InvalidParameterValueException", 400, "You can't specify the function as a destination for itself.",
		},
		{"fifo", FunctionEventInvokeConfigInput{FunctionName: "f", DestinationConfig: to(deadQueue + ".fifo")}, "InvalidParameterValueException", 400, "FIFO"},
		{
			"topic", FunctionEventInvokeConfigInput{FunctionName: "f", DestinationConfig: to("arn:aws:sns:us-east-1:000000000000:t")},
			"InvalidParameterValueException", 400, "DestinationConfig.OnFailure of service sns is not supported",
		},
		{"retries", FunctionEventInvokeConfigInput{FunctionName: "f", MaximumRetryAttempts: ptr(3)}, "ValidationException", 400, "less than or equal to 2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := b.PutFunctionEventInvokeConfig(ctx, b.call, &tc.in)
			wantError(t, err, tc.code, tc.status, tc.message)
		})
	}

	_, err := b.GetFunctionEventInvokeConfig(ctx, b.call, &QualifiedInput{FunctionName: "f"})
	wantError(t, err, "ResourceNotFoundException", 404, "The function arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST doesn't have an EventInvokeConfig")
	b.destinations(t, "f", FunctionEventInvokeConfigInput{MaximumRetryAttempts: ptr(1)})
	merged, err := b.UpdateFunctionEventInvokeConfig(ctx, b.call, &FunctionEventInvokeConfigInput{FunctionName: "f", MaximumEventAgeInSeconds: ptr(60)})
	if err != nil || *merged.MaximumRetryAttempts != 1 || *merged.MaximumEventAgeInSeconds != 60 || merged.DestinationConfig.OnFailure == nil {
		t.Errorf("POST merges: %+v %v", merged, err)
	}
}
