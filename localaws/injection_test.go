package localaws_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// injectedServer has a queue, a client that does not retry, and a function that counts
// its invocations.
type injectedServer struct {
	*localawstest.Server
	t      testing.TB
	sqs    *sqs.Client
	lambda *lambda.Client
	url    *string
	ran    atomic.Int64
}

func newInjectedServer(t testing.TB, mode clock.Mode) *injectedServer {
	t.Helper()
	b := &injectedServer{Server: localawstest.NewWith(t, localaws.Options{NoAuth: true, ClockMode: mode, Seed: 3}), t: t}
	cfg := b.Config()
	cfg.RetryMaxAttempts = 1
	b.sqs, b.lambda = sqs.NewFromConfig(cfg), lambda.NewFromConfig(cfg)
	out, err := b.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	b.url = out.QueueUrl
	b.RegisterHandler("work", func(context.Context, []byte) ([]byte, error) {
		b.ran.Add(1)
		return []byte(`{}`), nil
	})
	if _, err := b.lambda.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("work"), Role: aws.String("arn:aws:iam::000000000000:role/any"), Runtime: types.RuntimeProvidedal2023,
		Handler: aws.String("bootstrap"), Code: &types.FunctionCode{}, Timeout: aws.Int32(3),
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *injectedServer) fault(r fault.Rule) {
	b.t.Helper()
	b.Faults().Clear("")
	if _, err := b.Faults().Add(r); err != nil {
		b.t.Fatal(err)
	}
}

func (b *injectedServer) send(body string) error {
	_, err := b.sqs.SendMessage(b.t.Context(), &sqs.SendMessageInput{QueueUrl: b.url, MessageBody: &body})
	return err
}

func (b *injectedServer) bodies() (all []string) {
	b.t.Helper()
	messages, err := b.Peek("orders")
	if err != nil {
		b.t.Fatal(err)
	}
	for _, m := range messages {
		all = append(all, m.Body)
	}
	return all
}

func TestFaultsOfCalls(t *testing.T) {
	t.Parallel()
	b := newInjectedServer(t, clock.Manual)
	for kind, want := range map[fault.Kind]string{
		fault.Throttle: "RequestThrottled", fault.Unavailable: "ServiceUnavailable", fault.ExpiredCredential: "ExpiredToken",
	} {
		t.Run(string(kind), func(t *testing.T) {
			b.fault(fault.Rule{Kind: kind, Service: "sqs", Operation: "SendMessage", Resource: "orders", Count: 1})
			var api smithy.APIError
			if err := b.send(string(kind)); !errors.As(err, &api) || api.ErrorCode() != want {
				t.Errorf("%v, want %s", err, want)
			}
			if err := b.send("after " + string(kind)); err != nil {
				t.Errorf("after %s: %v", kind, err)
			}
		})
	}
	got := b.bodies()
	for _, body := range got {
		if !strings.HasPrefix(body, "after ") {
			t.Errorf("%s took effect", body)
		}
	}
	if len(got) != 3 {
		t.Errorf("the queue holds %q", got)
	}
}

// Calls of every service fail with the error text of that service.
func TestFaultsOfCallsOfEveryService(t *testing.T) {
	t.Parallel()
	b := newInjectedServer(t, clock.Manual)
	cfg := b.Config()
	cfg.RetryMaxAttempts = 1
	calls := map[string]struct {
		throttled string
		call      func() error
	}{
		"sqs":        {"RequestThrottled", func() error { return only(b.sqs.ListQueues(t.Context(), nil)) }},
		"lambda":     {"TooManyRequestsException", func() error { return only(b.lambda.ListFunctions(t.Context(), nil)) }},
		"iam":        {"Throttling", func() error { return only(iam.NewFromConfig(cfg).ListRoles(t.Context(), nil)) }},
		"sts":        {"Throttling", func() error { return only(sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)) }},
		"logs":       {"ThrottlingException", func() error { return only(cloudwatchlogs.NewFromConfig(cfg).DescribeLogGroups(t.Context(), nil)) }},
		"monitoring": {"Throttling", func() error { return only(cloudwatch.NewFromConfig(cfg).DescribeAlarms(t.Context(), nil)) }},
	}
	for service, c := range calls {
		t.Run(service, func(t *testing.T) {
			if err := c.call(); err != nil {
				t.Fatalf("%s: %v", service, err)
			}
			for kind, want := range map[fault.Kind]string{
				fault.Throttle: c.throttled, fault.Unavailable: "ServiceUnavailable", fault.ExpiredCredential: "Expired",
			} {
				b.fault(fault.Rule{Kind: kind, Service: service})
				var api smithy.APIError
				if err := c.call(); !errors.As(err, &api) || !strings.HasPrefix(api.ErrorCode(), want) {
					t.Errorf("%s of %s: %v, want %s", kind, service, err, want)
				}
				for other, c := range calls {
					if err := c.call(); other != service && err != nil {
						t.Errorf("%s of %s applied to %s: %v", kind, service, other, err)
					}
				}
			}
			b.fault(fault.Rule{Kind: fault.LoseReply, Service: service})
			if err := c.call(); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("lose-reply of %s: %v", service, err)
			}
		})
	}
}

// only returns a call's error.
func only[T any](_ T, err error) error { return err }

func TestCallWithALostResponseTakesEffect(t *testing.T) {
	t.Parallel()
	b := newInjectedServer(t, clock.Manual)
	b.fault(fault.Rule{Kind: fault.LoseReply, Operation: "SendMessage"})
	if err := b.send("lost"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want a truncated response", err)
	}
	if got := b.bodies(); len(got) != 1 || got[0] != "lost" {
		t.Errorf("the queue holds %q", got)
	}
	if work := b.Clock().State().Work; work != 0 {
		t.Errorf("the clock counts %d requests in progress", work)
	}
}

func TestSlowResponseTakesMachineTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newInjectedServer(t, clock.Manual)
		b.fault(fault.Rule{Kind: fault.Slow, Operation: "SendMessage", Delay: 7 * time.Second})
		start := time.Now()
		if err := b.send("slow"); err != nil || time.Since(start) != 7*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

func TestReceivesAreShortAndOutOfOrder(t *testing.T) {
	t.Parallel()
	b := newInjectedServer(t, clock.Manual)
	for _, body := range strings.Fields("a b c d e f g h") {
		if err := b.send(body); err != nil {
			t.Fatal(err)
		}
	}
	receive := func(n int32) (got string) {
		out, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: b.url, MaxNumberOfMessages: n, VisibilityTimeout: 0})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			got += *m.Body
		}
		return got
	}
	b.fault(fault.Rule{Kind: fault.ShortReceive})
	if got := receive(8); len(got) == 0 || len(got) >= 8 {
		t.Errorf("a short receive of 8 got %q", got)
	}
	if got := receive(1); got != "" {
		t.Errorf("a short receive of 1 got %q", got)
	}
	b.fault(fault.Rule{Kind: fault.Reorder})
	b.Advance(t, time.Hour)
	if got := receive(8); len(got) != 8 || got == "abcdefgh" {
		t.Errorf("an unordered receive got %q", got)
	}
}

func TestFaultsOfFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newInjectedServer(t, clock.Manual)
		for kind, want := range map[fault.Kind]struct {
			ran  int64
			text string
		}{
			fault.CrashBefore: {0, "Runtime exited with error: exit status 1"},
			fault.CrashAfter:  {1, "Runtime exited with error: exit status 1"},
			fault.OutOfMemory: {1, "Runtime exited with error: signal: killed"},
			fault.TimeOut:     {1, "Task timed out after 3.00 seconds"},
		} {
			b.fault(fault.Rule{Kind: kind, Resource: "work", Count: 1})
			b.ran.Store(0)
			out, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("work")})
			if err != nil {
				t.Fatal(err)
			}
			if aws.ToString(out.FunctionError) != "Unhandled" || !strings.Contains(string(out.Payload), want.text) || b.ran.Load() != want.ran {
				t.Errorf("%s: ran %d times, returned %s", kind, b.ran.Load(), out.Payload)
			}
			if out, err = b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("work")}); err != nil || out.FunctionError != nil {
				t.Errorf("after %s: %v %s", kind, err, out.Payload)
			}
		}
		b.fault(fault.Rule{Kind: fault.Throttle, Service: "lambda", Operation: "Invoke"})
		var throttled *types.TooManyRequestsException
		if _, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("work")}); !errors.As(err, &throttled) {
			t.Errorf("throttled: %v", err)
		}
	})
}

// A function that leaks grows with each invocation until it exceeds its memory limit.
// That invocation does its work and ends before its response, and the next one starts
// in a new environment.
func TestFunctionLeaksMemoryUntilItsLimit(t *testing.T) {
	t.Parallel()
	b := newInjectedServer(t, clock.Manual)
	b.fault(fault.Rule{Kind: fault.LeakMemory, MB: 50, Resource: "work"})
	const growing = "Max Memory Used: %d MB"
	for n, want := range []int{50, 100, 128, 50, 100, 128} {
		out, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("work"), LogType: types.LogTypeTail})
		if err != nil {
			t.Fatal(err)
		}
		log, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
		if err != nil || !strings.Contains(string(log), fmt.Sprintf(growing, want)) {
			t.Errorf("invocation %d: %v %s, want %d MB", n+1, err, log, want)
		}
		died := strings.Contains(string(out.Payload), "Runtime exited with error: signal: killed")
		if died != (want == 128) || died != strings.Contains(string(log), "Status: error\tError Type: Runtime.ExitError") {
			t.Errorf("invocation %d with %d MB: %s\n%s", n+1, want, out.Payload, log)
		}
	}
	if n := b.ran.Load(); n != 6 {
		t.Errorf("the work was done %d times, want 6", n)
	}
	b.fault(fault.Rule{Kind: fault.LeakMemory, MB: 1, Count: 1, Resource: "work"})
	var log []byte
	for range 2 { // leaked memory stays after the rule has expired
		out, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("work"), LogType: types.LogTypeTail})
		if err != nil {
			t.Fatal(err)
		}
		log, _ = base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	}
	if !strings.Contains(string(log), fmt.Sprintf(growing, 1)) {
		t.Errorf("after the last injection: %s, want 1 MB", log)
	}
}

// A handler with an injected crash during its work ends at a call: nothing after the
// call runs, and the call takes effect or does not.
func TestCrashDuringWorkHappensAtACall(t *testing.T) {
	t.Parallel()
	b := newInjectedServer(t, clock.Manual)
	var began, ended int
	b.RegisterHandler("work", func(ctx context.Context, _ []byte) ([]byte, error) {
		began++
		for range 3 {
			if _, err := b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: b.url, MessageBody: aws.String("from the function")}); err != nil {
				return nil, err
			}
		}
		ended++
		return nil, nil
	})
	b.fault(fault.Rule{Kind: fault.CrashDuring})
	for range 8 {
		out, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("work")})
		if err != nil || !strings.Contains(string(out.Payload), "Runtime exited") {
			t.Fatalf("%v %s", err, out.Payload)
		}
	}
	if sent := len(b.bodies()); began != 8 || ended != 0 || sent == 0 || sent >= 8*3 {
		t.Errorf("began %d, ended %d, sent %d", began, ended, sent)
	}
}

func TestMappingDeliversTwiceAndIsThrottled(t *testing.T) {
	t.Parallel()
	b := newInjectedServer(t, clock.Skip)
	if _, err := b.lambda.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("work"), EventSourceArn: aws.String("arn:aws:sqs:us-east-1:000000000000:orders"),
	}); err != nil {
		t.Fatal(err)
	}
	settled := func(body string) int64 {
		b.ran.Store(0)
		if err := b.send(body); err != nil {
			t.Fatal(err)
		}
		if err := b.Clock().Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := b.bodies(); len(left) > 0 {
			t.Errorf("left over: %q", left)
		}
		return b.ran.Load()
	}
	b.fault(fault.Rule{Kind: fault.DeliverTwice, Count: 1})
	if n := settled("twice"); n != 2 {
		t.Errorf("the function ran %d times, want 2", n)
	}
	for _, r := range []fault.Rule{
		{Kind: fault.Throttle, Service: "lambda", Operation: "Invoke", Count: 2},
		{Kind: fault.Unavailable, Service: "sqs", Operation: "ReceiveMessage", Count: 2},
	} {
		t.Run(string(r.Kind), func(t *testing.T) {
			b.fault(r)
			if n := settled("later"); n != 1 || b.Faults().List()[0].Injected != 2 {
				t.Errorf("%s: the function ran %d times, want once; %+v", r.Kind, n, b.Faults().List())
			}
		})
	}
}

func TestControlAPIAddsListsAndClearsFaults(t *testing.T) {
	t.Parallel()
	b := newInjectedServer(t, clock.Manual)
	send := func(method, path, body string) string {
		return request(t, b.Server, method, "/_reliableq/faults"+path, body)
	}
	if got := send("POST", "", `{"kind":"unavailable","service":"sqs","count":2,"for":"10m"}`); !strings.Contains(got, `"id": "1"`) || !strings.Contains(got, `"until"`) {
		t.Error(got)
	}
	if err := b.send("x"); err == nil {
		t.Error("the fault was not injected")
	}
	if got := send("GET", "", ""); !strings.Contains(got, `"struck": 1`) {
		t.Error(got)
	}
	b.Advance(t, 10*time.Minute)
	if err := b.send("x"); err != nil {
		t.Error("the fault was injected after it had expired")
	}
	for body, want := range map[string]string{
		`{"kind":"storm"}`:                                              `kind \"storm\"`,
		`{"kind":"slow","delay":"soon"}`:                                `\"soon\" is not a duration`,
		`{"kind":"throttle","where":"there"}`:                           "unknown field",
		`{"kind":"throttle","until":"2030-01-01T00:00:00Z","for":"1s"}`: "not both",
	} {
		t.Run(body, func(t *testing.T) {
			if got := send("POST", "", body); !strings.Contains(got, want) {
				t.Errorf("%s", got)
			}
		})
	}
	if got := send("DELETE", "/9", ""); !strings.Contains(got, "there is no fault 9") {
		t.Error(got)
	}
	if got := send("DELETE", "/1", ""); !strings.Contains(got, `"cleared": 1`) {
		t.Error(got)
	}
}

// request sends a request to the server and returns the body of the response.
func request(t testing.TB, s *localawstest.Server, method, path, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.ControlToken())
	resp, err := s.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestControlAPIRefusesFaultsOfUnknownResources(t *testing.T) {
	t.Parallel()
	b := newInjectedServer(t, clock.Manual)
	for name, c := range map[string]struct{ rule, want string }{
		"queue":                   {`{"kind":"throttle","service":"sqs","resource":"orders"}`, `"id"`},
		"function":                {`{"kind":"crash-after","resource":"work"}`, `"id"`},
		"either":                  {`{"kind":"throttle","resource":"work"}`, `"id"`},
		"misspelt queue":          {`{"kind":"throttle","service":"sqs","resource":"order"}`, `resource \"order\": no queue has this name; there are orders`},
		"misspelt function":       {`{"kind":"crash-after","resource":"wrok"}`, `resource \"wrok\": no function has this name; there are work`},
		"misspelt":                {`{"kind":"throttle","resource":"wrok"}`, `no queue or function has this name; there are orders, work`},
		"queue to be created":     {`{"kind":"throttle","operation":"CreateQueue","resource":"new"}`, `"id"`},
		"mapping":                 {`{"kind":"throttle","service":"lambda","resource":"event-source-mapping:1"}`, `"id"`},
		"another service":         {`{"kind":"throttle","service":"iam","resource":"role/work"}`, `"id"`},
		"wrong in another way":    {`{"kind":"throttle","resource":"wrok","probability":2}`, "probability 2"},
		"misspelt operation":      {`{"kind":"throttle","service":"lambda","operation":"Invok"}`, `operation \"Invok\": lambda has AddPermission`},
		"operation of CloudWatch": {`{"kind":"throttle","service":"monitoring","operation":"PutMetricData"}`, `"service": "cloudwatch"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := request(t, b.Server, "POST", "/_reliableq/faults", c.rule); !strings.Contains(got, c.want) {
				t.Errorf("%s: %s, want %s", c.rule, got, c.want)
			}
		})
	}

	// Without queues and functions a rule can be added before its queue.
	empty := localawstest.New(t)
	if got := request(t, empty, "POST", "/_reliableq/faults", `{"kind":"throttle","resource":"later"}`); !strings.Contains(got, `"id"`) {
		t.Errorf("before any queue exists: %s", got)
	}
}
