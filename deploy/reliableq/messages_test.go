package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/clock"
)

// fillDeadLetters puts three messages into the dead-letter queue: one is visible, one
// in flight and one delayed.
func (w *deployment) fillDeadLetters() {
	w.t.Helper()
	url := aws.String(w.Deployment.DLQ())
	for _, delay := range []int32{0, 0, 900} {
		if _, err := w.SQS.SendMessage(w.t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("lost"), DelaySeconds: delay}); err != nil {
			w.t.Fatal(err)
		}
	}
	got, err := w.SQS.ReceiveMessage(w.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 1, VisibilityTimeout: 900})
	if err != nil || len(got.Messages) != 1 {
		w.t.Fatalf("received %v, %v", got, err)
	}
}

// If a plan deletes a queue with messages, the command names the queue and the
// messages before any change. Terraform does not know about them.
func TestUpNamesTheMessagesThatADeletedQueueHolds(t *testing.T) {
	t.Parallel()
	const warning = "warning: queue dlq (aws_sqs_queue.this) is deleted with the 3 messages in it"
	for action, warned := range map[string]bool{"delete": true, "replace": true, "update": false} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := setup(t, clock.Manual, consume.PerMessage).deployed()
			w.fillDeadLetters()
			w.write(filepath.Join(w.bin, "plan"),
				`{"type":"planned_change","change":{"resource":{"addr":"aws_sqs_queue.this","resource_type":"aws_sqs_queue"},"action":"`+action+`"}}`+"\n")
			w.write(filepath.Join(w.bin, "shown"), `{}`)

			got := w.deploying("up")
			got.want(t, exitDone)
			if strings.Contains(got.errs, warning) != warned {
				t.Errorf("warned: %v, want %v\n%s", !warned, warned, got.errs)
			}
		})
	}
}

func TestDownNamesTheDeletedMessages(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage).deployed()
	w.fillDeadLetters()
	got := w.deploying("down")
	got.want(t, exitDone, "warning: queue dlq (aws_sqs_queue.this) is deleted with the 3 messages in it", "removed 7 resources")
	if !slices.Contains(w.calls(), "destroy") {
		t.Errorf("Terraform was run with %q", w.calls())
	}
}
