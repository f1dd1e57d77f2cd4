package test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/terraform"
)

// Each module's example is applied separately, as its README says, and messages are
// sent through it. Examples share names, so each uses a separate region.
func TestTheExampleOfEachModuleWorks(t *testing.T) {
	t.Parallel()
	if shared.onAWS() {
		t.Skip("the examples have fixed names: they are applied to the embedded AWS only")
	}
	retryPackage := map[string]any{"package": absolute(t, "../dist/retry.zip"), "architecture": architecture()}

	for name, c := range map[string]struct {
		example, region string
		vars            map[string]any
		check           func(t *testing.T, e *example)
	}{
		"queue":          {"queue/examples/one-queue", "eu-west-1", nil, messageIsDeadLettered},
		"queue-chain":    {"queue-chain/examples/two-levels", "eu-west-2", retryPackage, messageIsDeadLettered},
		"retry-level":    {"retry-level/examples/one-level", "eu-west-3", retryPackage, messageIsDeadLettered},
		"queue-consumer": {"queue-consumer/examples/worker", "eu-central-1", nil, messageIsConsumed},
		"go-function":    {"go-function/examples/hello", "eu-north-1", nil, functionResponds},
		"observability":  {"observability/examples/one-queue", "eu-south-1", nil, unreadQueueRaisesItsAlarm},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.check(t, applyExample(t, c.example, c.region, c.vars))
		})
	}
}

// example is the applied example of a module.
type example struct {
	options *terraform.Options
	cfg     aws.Config
}

// applyExample applies a module's example on the embedded AWS in a region.
func applyExample(t *testing.T, path, region string, vars map[string]any) *example {
	t.Helper()
	dir := t.TempDir()
	if err := copyTree(dir, "../terraform"); err != nil {
		t.Fatal(err)
	}
	e := &example{options: terraformOptions(filepath.Join(dir, "modules", path), vars), cfg: shared.cfg.Copy()}
	e.cfg.Region = region
	e.options.EnvVars["AWS_REGION"] = region
	e.options.EnvVars["AWS_DEFAULT_REGION"] = region

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if _, err := terraform.InitAndApplyContextE(t, ctx, e.options); err != nil {
		t.Fatalf("apply %s: %v", path, err)
	}
	return e
}

// terraformOptions returns the options with which Terratest runs Terraform in a folder
// on the embedded AWS.
func terraformOptions(dir string, vars map[string]any) *terraform.Options {
	env := map[string]string{}
	for name, value := range shared.embedded.env {
		env[name] = value
	}
	return &terraform.Options{
		TerraformDir: dir,
		Vars:         vars,
		EnvVars:      env,
		NoColor:      true,
		Parallelism:  30,
		Logger:       logger.Discard,

		TerraformBinary: tool(),
	}
}

// output reads an output of the example.
func (e *example) output(t *testing.T, name string) string {
	t.Helper()
	value, err := terraform.OutputContextE(t, t.Context(), e.options, name)
	if err != nil {
		t.Fatalf("output %s: %v", name, err)
	}
	return value
}

func (e *example) send(t *testing.T, url string) {
	t.Helper()
	if _, err := sqs.NewFromConfig(e.cfg).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("{}")}); err != nil {
		t.Fatalf("send to %s: %v", url, err)
	}
}

// visible returns how many messages can be received from a queue.
func (e *example) visible(t *testing.T, url string) string {
	t.Helper()
	name := types.QueueAttributeNameApproximateNumberOfMessages
	got, err := sqs.NewFromConfig(e.cfg).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []types.QueueAttributeName{name},
	})
	if err != nil {
		t.Fatalf("count the messages in %s: %v", url, err)
	}
	return got.Attributes[string(name)]
}

// eventually waits until a condition holds, and fails the test after five minutes.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Minute)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within five minutes", what)
		case <-tick.C:
		}
	}
}

// messageIsDeadLettered sends a message and receives it without deleting it, like a
// consumer that fails, until it is in the dead-letter queue.
func messageIsDeadLettered(t *testing.T, e *example) {
	t.Helper()
	source := e.output(t, "queue_url")
	dead := e.output(t, "dead_letter_url")
	e.send(t, source)

	client := sqs.NewFromConfig(e.cfg)
	eventually(t, "a message that always fails is in the dead-letter queue", func() bool {
		if _, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &source, WaitTimeSeconds: 1}); err != nil {
			t.Fatalf("receive from %s: %v", source, err)
		}
		return e.visible(t, dead) == "1"
	})
}

// messageIsConsumed sends a message and waits for the function to log it.
func messageIsConsumed(t *testing.T, e *example) {
	t.Helper()
	url := e.output(t, "queue_url")
	group := e.output(t, "log_group")
	e.send(t, url)

	client := cloudwatchlogs.NewFromConfig(e.cfg)
	eventually(t, "the function logs the message", func() bool {
		events, err := client.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group})
		if err != nil {
			t.Fatalf("read the log %s: %v", group, err)
		}
		for _, event := range events.Events {
			if strings.Contains(*event.Message, `"eventSource":"aws:sqs"`) {
				return true
			}
		}
		return false
	})
	eventually(t, "the message is deleted", func() bool { return e.visible(t, url) == "0" })
}

// functionResponds invokes the function.
func functionResponds(t *testing.T, e *example) {
	t.Helper()
	name := e.output(t, "function")
	out, err := lambda.NewFromConfig(e.cfg).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(out.Payload); out.FunctionError != nil || got != `{"hello":"world"}` {
		t.Errorf("the function returned %s (error %v)", got, out.FunctionError)
	}
}

// unreadQueueRaisesItsAlarm leaves a message in a queue that has no consumer.
func unreadQueueRaisesItsAlarm(t *testing.T, e *example) {
	t.Helper()
	names, err := terraform.OutputMapContextE(t, t.Context(), e.options, "alarms")
	if err != nil {
		t.Fatal(err)
	}
	name := names["source_unread"]
	if name == "" {
		t.Fatalf("no alarm source_unread: %v", names)
	}
	e.send(t, e.output(t, "queue_url"))

	client := cloudwatch.NewFromConfig(e.cfg)
	eventually(t, "the alarm "+name+" is raised", func() bool {
		if err := shared.embedded.clock("advance", "5m"); err != nil {
			t.Fatal(err)
		}
		alarms, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}})
		if err != nil || len(alarms.MetricAlarms) != 1 {
			t.Fatalf("describe the alarm %s: %v, %d found", name, err, len(alarms.MetricAlarms))
		}
		return alarms.MetricAlarms[0].StateValue == "ALARM"
	})
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
