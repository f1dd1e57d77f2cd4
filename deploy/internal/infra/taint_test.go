package infra

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// interrupted is a state as an interrupt leaves it.
const interrupted = `{
  "version": 4,
  "outputs": {"region": {"value": "us-east-1", "type": "string"}, "key": {"value": "x", "type": "string", "sensitive": true}},
  "resources": [
    {"module": "module.queues", "mode": "managed", "type": "aws_sqs_queue", "name": "this", "instances": [
      {"index_key": "source", "status": "tainted", "attributes": {"id": "http://q/source", "delay_seconds": 2, "visibility_timeout_seconds": 10,
        "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}", "redrive_policy": "", "sqs_managed_sse_enabled": true, "name": "source", "kms_master_key_id": null}},
      {"index_key": "dlq", "attributes": {"id": "http://q/dlq"}}
    ]},
    {"module": "module.queues", "mode": "managed", "type": "aws_sqs_queue_redrive_policy", "name": "this", "instances": [
      {"index_key": "source", "status": "tainted", "attributes": {"id": "http://q/source", "queue_url": "http://q/source", "redrive_policy": "{\"maxReceiveCount\":5,\"deadLetterTargetArn\":\"a\"}"}}
    ]},
    {"mode": "managed", "type": "aws_lambda_function", "name": "f", "instances": [{"status": "tainted", "attributes": {"id": "f"}}]},
    {"mode": "data", "type": "aws_region", "name": "current", "instances": [{"attributes": {}}]}
  ]
}`

// actual is what SQS says of the queue of that state.
var actual = map[string]string{
	"DelaySeconds": "2", "VisibilityTimeout": "10", "SqsManagedSseEnabled": "true",
	"Policy":        `{"Statement": [], "Version": "2012-10-17"}`,
	"RedrivePolicy": `{"deadLetterTargetArn":"a","maxReceiveCount":5}`,
}

func TestCompleteQueuesAreKeptAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	queue, policy := `module.queues.aws_sqs_queue.this["source"]`, `module.queues.aws_sqs_queue_redrive_policy.this["source"]`
	for _, c := range []struct {
		name   string
		change func(map[string]string)
		want   []string
	}{
		{"both are as configured", func(map[string]string) {}, []string{queue, policy}},
		{"the delay differs", func(a map[string]string) { a["DelaySeconds"] = "0" }, []string{policy}},
		{"the queue's policy differs", func(a map[string]string) { a["Policy"] = `{"Version":"2012-10-17"}` }, []string{policy}},
		{"the redrive policy is not there", func(a map[string]string) { delete(a, "RedrivePolicy") }, []string{queue}},
		{"nothing is there", func(a map[string]string) { clear(a) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			write(t, b.tf.State(), interrupted)
			have := maps.Clone(actual)
			c.change(have)
			kept, err := b.tf.KeepComplete(t.Context(), func(context.Context, string) (map[string]string, error) { return have, nil })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, kept); diff != "" {
				t.Error(diff)
			}
			if len(c.want) == 0 {
				return
			}
			for i, call := range b.calls() {
				if args := call.Args; args[0] != "untaint" || args[len(args)-1] != c.want[i] {
					t.Errorf("run %d: %v", i, args)
				}
			}
		})
	}
}

func TestAQueueThatCannotBeReadStaysMarked(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	write(t, b.tf.State(), interrupted)
	kept, err := b.tf.KeepComplete(t.Context(), func(context.Context, string) (map[string]string, error) { return nil, errors.New("unreachable") })
	if len(kept) != 0 || err == nil || !strings.Contains(err.Error(), `aws_sqs_queue.this["source"]`) {
		t.Errorf("kept %v, error %v", kept, err)
	}
}

func TestWithoutAStateThereIsNothingToKeep(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	if kept, err := b.tf.KeepComplete(t.Context(), nil); kept != nil || err != nil {
		t.Errorf("kept %v, %v", kept, err)
	}
}

func TestOutputsAreReadFromTheState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Outputs(dir); !errors.Is(err, ErrNothingDeployed) {
		t.Errorf("without a state: %v", err)
	}
	path := filepath.Join(dir, stateName)
	write(t, path, interrupted)
	out, err := Outputs(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]json.RawMessage{"region": json.RawMessage(`"us-east-1"`), "key": json.RawMessage(`"(sensitive)"`)}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	if n, err := Resources(dir); n != 4 || err != nil {
		t.Errorf("%d resources, %v", n, err)
	}
	write(t, path, `{"version": 4, "resources": []}`)
	if _, err := Outputs(dir); !errors.Is(err, ErrNothingDeployed) {
		t.Errorf("after a destroy: %v", err)
	}
	write(t, path, `{half`)
	if _, err := Outputs(dir); hint.Of(err) == "" {
		t.Errorf("a damaged state: %v", err)
	}
	write(t, path, `{"version": 3}`)
	if _, err := Outputs(dir); err == nil || !strings.Contains(err.Error(), "format 3") {
		t.Errorf("another format: %v", err)
	}
}
