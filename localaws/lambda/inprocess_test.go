package lambda

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/reliableq/reliableq/localaws/lambda/mapping"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

func TestHandlerRunsAsAFunction(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", func(ctx context.Context, event []byte) ([]byte, error) {
		lc, ok := lambdacontext.FromContext(ctx)
		if deadline, has := ctx.Deadline(); !ok || !has || time.Until(deadline) > 3*time.Second || lc.AwsRequestID != b.call.RequestID {
			return nil, errors.New("context")
		}

		if v := sandbox.Variables(ctx); v["AWS_ENDPOINT_URL"] != "http://localhost:4566" || v["TABLE"] != "orders" {
			return nil, errors.New("variables")
		}

		return event, nil
	}, func(in *CreateFunctionInput) { in.Environment = &Environment{map[string]string{"TABLE": "orders"}} })

	out := b.invokeTail(t, "f", `{"a":1}`)
	if string(out.Payload) != `{"a":1}` || out.FunctionError != "" {
		t.Errorf("%+v %s", out, out.Payload)
	}

	log := steady(b.backends.log())
	for _, want := range []string{"INIT_START ", "START RequestId: ", "END RequestId: ", "REPORT RequestId: "} {
		if !strings.Contains(log, want) {
			t.Errorf("log lacks %q:\n%s", want, log)
		}
	}
}

type shortage struct{}

func (*shortage) Error() string { return "out of stock" }

func TestHandlerFailuresLookLikeThoseOfAProgram_C42(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		b := start(t)
		b.createHandler(t, "f", func(ctx context.Context, event []byte) ([]byte, error) {
			switch string(event) {
			case `"error"`:
				return nil, &shortage{}
			case `"panic"`:
				panic(errors.New("boom"))
			case `"large"`:
				return make([]byte, 7000000), nil
			}

			<-ctx.Done()
			return nil, ctx.Err()
		})

		for event, want := range map[string]string{
			`"error"`: `{"errorMessage":"out of stock","errorType":"shortage"}`,
			`"panic"`: `{"errorMessage":"boom","errorType":"errorString","stackTrace":[`,
			`"large"`: `"errorType":"Function.ResponseSizeTooLarge"}`,
			`"hang"`:  `{"errorMessage":"RequestId: ` + b.call.RequestID + ` Error: Task timed out after 3.00 seconds","errorType":"Sandbox.Timedout"}`,
		} {
			out := b.invokeTail(t, "f", event)
			if out.FunctionError != "Unhandled" || !strings.Contains(string(out.Payload), want) {
				t.Errorf("%s: %s", event, out.Payload)
			}
		}
	})
}

func TestRegisterHandlerReplacesIdlePrograms(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.create(t, "f")
	b.invokeTail(t, "f", "1")
	b.RegisterHandler("f", func(context.Context, []byte) ([]byte, error) { return []byte(`"in process"`), nil })
	if out := b.invokeTail(t, "f", "2"); string(out.Payload) != `"in process"` {
		t.Errorf("%s", out.Payload)
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	if b.environments.live != 0 {
		t.Errorf("%d programs are still alive", b.environments.live)
	}
}

func TestMappingsResolveAndInvoke(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	if _, err := b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"f", ptr(7)}); err != nil {
		t.Fatal(err)
	}

	fn, err := b.Resolve(b.call, "f:$LATEST")
	want := mapping.Function{
		ARN:      functionARN + ":$LATEST",
		Name:     "f",
		Timeout:  3 * time.Second,
		Role:     role,
		Reserved: 7,
	}
	if err != nil || fn != want {
		t.Errorf("%+v %v", fn, err)
	}

	_, err = b.Resolve(b.call, "g")
	wantError(t, err, "ResourceNotFoundException", 404, "Function not found")
	got := make(chan mapping.Outcome, 1)
	b.StartInvocation(ctx, functionARN, []byte(`{"Records":[]}`), "", func(o mapping.Outcome) {
		if b.clock.State().Work == 0 {
			t.Error("the clock is idle before done has returned")
		}
		got <- o
	})

	if o := <-got; o.Err != nil || o.FunctionError || string(o.Payload) != `{"Records":[]}` {
		t.Errorf("%+v", o)
	}

	b.StartInvocation(ctx, functionARN+"x", []byte(`{}`), "", func(o mapping.Outcome) { got <- o })
	wantError(t, (<-got).Err, "ResourceNotFoundException", 404, "Function not found")
	wait, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := b.clock.Idle(wait); err != nil {
		t.Errorf("the clock is busy after done has returned: %v", err)
	}
}
