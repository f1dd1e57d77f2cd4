package flow_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/localaws/clock"
)

// addTraffic adds what the flow needs for traffic: a producer, a consumer with its mapping,
// and redrive policies.
func (b *bench) addTraffic(t *testing.T) *lambda.Client {
	t.Helper()
	client := lambda.NewFromConfig(b.aws.Config())
	b.d.Functions, b.d.Mappings = map[string]string{}, map[string]string{}
	for _, key := range []string{"producer", "consumer"} {
		b.aws.RegisterHandler(key, func(_ context.Context, event []byte) ([]byte, error) { return event, nil })
		if _, err := client.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
			FunctionName: &key, Role: aws.String("arn:aws:iam::" + b.aws.Account() + ":role/runs"), Runtime: lambdatypes.RuntimeProvidedal2023,
			Handler: aws.String("bootstrap"), Code: &lambdatypes.FunctionCode{},
		}); err != nil {
			t.Fatal(err)
		}
		b.d.Functions[key] = key
	}
	m, err := client.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("consumer"), EventSourceArn: aws.String(b.arn("source")),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.d.Mappings["consumer"] = *m.UUID
	b.redrive(t, "source", "retry_1")
	b.redrive(t, "retry_1", "dlq")
	b.settle(t)
	return client
}

func (b *bench) arn(key string) string {
	return "arn:aws:sqs:" + b.aws.Region() + ":" + b.aws.Account() + ":" + key
}

// redrive sets a queue's redrive policy, or removes it if to is empty.
func (b *bench) redrive(t *testing.T, from, to string) {
	t.Helper()
	policy := ""
	if to != "" {
		policy = `{"deadLetterTargetArn":"` + b.arn(to) + `","maxReceiveCount":3}`
	}
	if _, err := b.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: aws.String(b.d.QueueURLs[from]), Attributes: map[string]string{"RedrivePolicy": policy},
	}); err != nil {
		t.Fatal(err)
	}
}

// settle waits until changes have taken effect.
func (b *bench) settle(t *testing.T) {
	t.Helper()
	if b.aws.Clock().Mode() == clock.Skip {
		if err := b.aws.Clock().Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadyNeedsFunctionsMappingsAndRedrivePolicies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*testing.T, *bench, *lambda.Client)
		why    string // empty: ready
	}{
		{"all is there", func(*testing.T, *bench, *lambda.Client) {}, ""},
		{"a mapping is off", func(t *testing.T, b *bench, l *lambda.Client) {
			if _, err := l.UpdateEventSourceMapping(t.Context(), &lambda.UpdateEventSourceMappingInput{
				UUID: aws.String(b.d.Mappings["consumer"]), Enabled: aws.Bool(false),
			}); err != nil {
				t.Fatal(err)
			}
			b.settle(t)
		}, "the mapping of consumer is Disabled"},
		{"a queue has no redrive policy", func(t *testing.T, b *bench, _ *lambda.Client) {
			b.redrive(t, "retry_1", "")
		}, "queue retry_1 has no redrive policy yet"},
		{"the dead-letter queue needs none", func(t *testing.T, b *bench, _ *lambda.Client) {
			b.redrive(t, "dlq", "source")
			b.redrive(t, "dlq", "")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setupIn(t, clock.Skip)
			c.change(t, b, b.addTraffic(t))
			ready, why, err := flow.New(b.aws.Config(), nil).Ready(t.Context(), b.d)
			if err != nil || ready != (c.why == "") || why != c.why {
				t.Errorf("ready %v, why %q, %v; want %q", ready, why, err, c.why)
			}
		})
	}
}

// fakeLambda returns the configuration of a fake Lambda where every function and
// every mapping has the given JSON.
func fakeLambda(t *testing.T, function, mapping string) aws.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		state := function
		if strings.Contains(r.URL.Path, "/event-source-mappings/") {
			state = mapping
		}
		if _, err := w.Write([]byte(state)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, HTTPClient: server.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}
}

func TestReadyIsFalseWhileResourcesAreCreated(t *testing.T) {
	t.Parallel()
	d := flow.Deployment{Functions: map[string]string{"consumer": "f"}, Mappings: map[string]string{"consumer": "u"}}
	const active, enabled = `{"State":"Active","LastUpdateStatus":"Successful"}`, `{"State":"Enabled"}`
	for _, c := range []struct{ function, mapping, why string }{
		{active, enabled, ""},
		{`{"State":"Pending"}`, enabled, "function f is Pending, its last update "},
		{`{"State":"Inactive","LastUpdateStatus":"Successful"}`, enabled, "function f is Inactive, its last update Successful"},
		{`{"State":"Failed","LastUpdateStatus":"Failed"}`, enabled, "function f is Failed, its last update Failed"},
		{`{"State":"Active","LastUpdateStatus":"InProgress"}`, enabled, "function f is Active, its last update InProgress"},
		{active, `{"State":"Creating"}`, "the mapping of f is Creating"},
		{active, `{"State":"Enabling"}`, "the mapping of f is Enabling"},
		{active, `{"State":"Updating"}`, "the mapping of f is Updating"},
	} {
		t.Run(c.function, func(t *testing.T) {
			ready, why, err := flow.New(fakeLambda(t, c.function, c.mapping), nil).Ready(t.Context(), d)
			if err != nil || ready != (c.why == "") || why != c.why {
				t.Errorf("%s with %s: ready %v, why %q, %v; want %q", c.function, c.mapping, ready, why, err, c.why)
			}
		})
	}
}

func TestFunctionStates(t *testing.T) {
	t.Parallel()
	b := setupIn(t, clock.Skip)
	b.addTraffic(t)
	states, err := flow.New(b.aws.Config(), nil).FunctionStates(t.Context(), b.d)
	if err != nil {
		t.Fatal(err)
	}
	for i := range states {
		t.Run(states[i].Key, func(t *testing.T) {
			if states[i].Modified == "" {
				t.Errorf("%s was never modified", states[i].Key)
			}
			states[i].Modified = ""
		})
	}
	want := []flow.FunctionState{
		{Key: "producer", Name: "producer", State: "Active", LastUpdate: "Successful"},
		{Key: "consumer", Name: "consumer", State: "Active", LastUpdate: "Successful", Mapping: "Enabled"},
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
}

func TestErrorsNameMissingResources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*flow.Deployment)
		want   string
	}{
		{"a function", func(d *flow.Deployment) { d.Functions["producer"] = "nobody" }, "read function nobody"},
		{"a mapping", func(d *flow.Deployment) { d.Mappings["consumer"] = "00000000-0000-4000-8000-000000000000" }, "read the mapping of function consumer"},
		{"a queue", func(d *flow.Deployment) { d.QueueURLs["source"] += "_gone" }, "read the attributes of "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setupIn(t, clock.Skip)
			b.addTraffic(t)
			c.change(&b.d)
			if ready, _, err := flow.New(b.aws.Config(), nil).Ready(t.Context(), b.d); ready || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("ready %v, error %v, want %q", ready, err, c.want)
			}
		})
	}
}

func TestInvokeReturnsTheResultOfTheFunction(t *testing.T) {
	t.Parallel()
	b := setupIn(t, clock.Skip)
	b.addTraffic(t)
	client := flow.New(b.aws.Config(), nil)
	got, err := client.Invoke(t.Context(), "producer", []byte(`{"count":1}`), true)
	if err != nil || got.StatusCode != 200 || got.FunctionError != "" || string(got.Payload) != `{"count":1}` || got.RequestID == "" || got.LogTail == "" {
		t.Errorf("synchronous: %+v, %v", got, err)
	}
	got, err = client.Invoke(t.Context(), "producer", []byte(`{}`), false)
	if err != nil || got.StatusCode != 202 || len(got.Payload) != 0 || got.LogTail != "" {
		t.Errorf("asynchronous: %+v, %v", got, err)
	}
	if _, err := client.Invoke(t.Context(), "nobody", nil, true); err == nil || !strings.Contains(err.Error(), "invoke nobody") {
		t.Errorf("a missing function: %v", err)
	}
}
