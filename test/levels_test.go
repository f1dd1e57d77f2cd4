package test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/gruntwork-io/terratest/modules/terraform"
)

// A retry level is removed in two steps, as in docs/terraform.md, while orders are
// sent. Each order is processed or in the dead-letter queue afterwards.
func TestAMiddleRetryLevelIsRemovedUnderLoadAndNothingIsLost(t *testing.T) {
	t.Parallel()
	level := func(status string) map[string]any {
		return map[string]any{
			"status":               status,
			"max_attempts":         1,
			"max_receive_count":    2,
			"backoff_base_seconds": 1,
			"backoff_cap_seconds":  5,
			"timeout_seconds":      generousTimeout,
		}
	}
	settings := func(levels ...map[string]any) map[string]any {
		return map[string]any{
			"retry_levels":   levels,
			"accepted_risks": []string{"short_visibility", "few_receives"},
		}
	}
	active := level("active")
	d := deployed(t, "levels", settings(active, active, active))
	since := d.serviceTime(t)
	created := map[string]string{}
	for _, key := range []string{"source", "retry_1", "retry_3", "dlq"} {
		created[key] = d.created(t, key)
	}

	d.applyUnderLoad(t, settings(active, level("draining"), active))
	d.drain(t, "retry_2")
	d.applyUnderLoad(t, settings(active, level("removed"), active))
	d.settle(t)

	if url, found := d.queues["retry_2"]; found {
		t.Errorf("the removed level's queue still exists: %s", url)
	}
	for key, before := range created {
		t.Run(key, func(t *testing.T) {
			if after := d.created(t, key); after != before {
				t.Errorf("queue %s was created again: at %s, first at %s", key, after, before)
			}
		})
	}
	r := d.read(t, since)
	bad := 0
	for id, isBad := range r.accepted {
		_, dead := r.dead[id]
		if isBad {
			bad++
		}
		if !dead && r.processed[id] == 0 {
			t.Errorf("message %s, bad %v, is lost: neither processed nor in the dead-letter queue", id, isBad)
		}
		if dead && !isBad {
			t.Errorf("good message %s is in the dead-letter queue", id)
		}
	}
	if len(r.accepted) < 100 || bad < 20 {
		t.Errorf("%d messages were sent, %d of them bad: the load is too low", len(r.accepted), bad)
	}
	t.Logf("%d messages, %d bad", len(r.accepted), bad)

	// Without draining, too, the link is removed first, then the reader, then the
	// queue.
	out := d.reapply(t, settings(active))
	comesBefore(t, out,
		`module.queues.aws_sqs_queue_redrive_policy.this["retry_1"]: Destruction complete`,
		`module.retry["retry_3"].module.mapping.aws_lambda_event_source_mapping.this: Destroying`,
		`module.retry["retry_3"].module.queue.aws_sqs_queue.this: Destroying`,
	)
}

// comesBefore fails the test unless the texts are in out, in this sequence.
func comesBefore(t *testing.T, out string, texts ...string) {
	t.Helper()
	at := -1
	for i, text := range texts {
		found := strings.Index(out, text)
		switch {
		case found < 0:
			t.Errorf("Terraform did not print %q:\n%s", text, out)
		case found < at:
			t.Errorf("Terraform printed %q before %q:\n%s", text, texts[i-1], out)
		}
		at = found
	}
}

// reapply applies the deployment with other variables and reads its outputs again.
func (d *deployment) reapply(t *testing.T, vars map[string]any) string {
	t.Helper()
	out, err := d.applyAgain(t, vars)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (d *deployment) applyAgain(t *testing.T, vars map[string]any) (string, error) {
	maps.Copy(d.options.Vars, vars)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	out, err := terraform.ApplyContextE(t, ctx, d.options)
	if err != nil {
		return out, err
	}
	return out, d.readOutputs(t, ctx)
}

// applyUnderLoad is reapply while the producer sends orders, a third of them bad.
func (d *deployment) applyUnderLoad(t *testing.T, vars map[string]any) {
	t.Helper()
	applied := make(chan error, 1)
	go func() {
		_, err := d.applyAgain(t, vars)
		applied <- err
	}()

	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	producer := d.functions["producer"] // the map changes with the outputs
	const most = 50                     // bursts, on any computer
	for seed := uint64(1); ; seed++ {
		select {
		case err := <-applied:
			if err != nil {
				t.Fatal(err)
			}
			return
		case <-tick.C:
			if seed <= most {
				d.invoke(t, producer, order{Count: 10, BadRatio: 0.3, Seed: seed})
			}
		}
	}
}

// drain waits until a queue is empty and stays empty.
func (d *deployment) drain(t *testing.T, key string) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Minute)
	for empty := 0; empty < 5; {
		select {
		case <-deadline:
			t.Fatalf("queue %s did not drain", key)
		case <-tick.C:
		}
		if d.depth(t, key) == 0 {
			empty++
		} else {
			empty = 0
		}
	}
}

// created returns the time at which a queue was created, in epoch seconds.
func (d *deployment) created(t *testing.T, key string) string {
	t.Helper()
	url := d.queues[key]
	got, err := sqs.NewFromConfig(d.cfg).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameCreatedTimestamp},
	})
	if err != nil {
		t.Fatalf("read when %s was created: %v", key, err)
	}
	return got.Attributes["CreatedTimestamp"]
}
