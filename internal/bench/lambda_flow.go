package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// queue creates a queue and connects a bare client to it.
func (f *lambdaBench) queue(ctx context.Context, name string) (c *bare, arn *string, err error) {
	made, err := f.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: map[string]string{"VisibilityTimeout": "60"}})
	if err != nil {
		return nil, nil, fmt.Errorf("create a queue: %w", err)
	}

	at, err := f.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	if err != nil {
		return nil, nil, fmt.Errorf("read a queue: %w", err)
	}

	over, err := dial(ctx, f.server, true)
	if err != nil {
		return nil, nil, err
	}
	return newBare(over, *made.QueueUrl), aws.String(at.Attributes["QueueArn"]), nil
}

// connectMapping creates a mapping from a queue to the function.
func (f *lambdaBench) connectMapping(ctx context.Context, arn *string, size int) (id *string, err error) {
	made, err := f.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		EventSourceArn: arn,
		FunctionName:   aws.String(functionName),
		BatchSize:      aws.Int32(int32(size)),
	})
	if err != nil {
		return nil, fmt.Errorf("create a mapping: %w", err)
	}
	return made.UUID, nil
}

// mapQueue creates a queue with a mapping, for single messages, and waits until the
// mapping has delivered one.
func (f *lambdaBench) mapQueue(ctx context.Context, name string, size int) error {
	c, arn, err := f.queue(ctx, name)
	if err != nil {
		return err
	}
	f.latency = c
	if _, err := f.connectMapping(ctx, arn, size); err != nil {
		return err
	}
	_, err = f.sendToInvocation(ctx)
	return err
}

// sendToInvocation sends a message, and returns the time from before SendMessage to the
// first line of the function.
func (f *lambdaBench) sendToInvocation(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	if err := f.latency.sendOne(ctx); err != nil {
		return 0, err
	}
	got, err := f.calls.next(ctx, true)
	return got.at.Sub(start), err
}

// backlog is how a backlog was processed.
type backlog struct {
	invocations  int
	environments int
	took         time.Duration // from the first invocation to the last
	cpu          time.Duration // the server's
}

// processBacklog sends n messages to a queue, creates a mapping, and waits until the
// function has received all.
func (f *lambdaBench) processBacklog(ctx context.Context, name string, size, n int) (backlog, error) {
	var w backlog
	c, arn, err := f.queue(ctx, name)
	if err != nil {
		return w, err
	}
	defer c.close()

	// Send the messages.
	for range n / perBatch {
		if err := c.send(ctx); err != nil {
			return w, err
		}
	}

	if err := f.reconfigure(ctx); err != nil { // end the environments of earlier measurements
		return w, err
	}

	// Let the mapping deliver them.
	before := f.calls.environments.Load()
	cpu, err := f.server.cpu()
	if err != nil {
		return w, err
	}

	id, err := f.connectMapping(ctx, arn, size)
	if err != nil {
		return w, err
	}

	var first, last time.Time
	for done := 0; done < n; {
		got, err := f.calls.next(ctx, true)
		if err != nil {
			return w, err
		}
		if first.IsZero() || got.at.Before(first) {
			first = got.at
		}
		if got.at.After(last) {
			last = got.at
		}
		done += got.messages
		w.invocations++
	}

	after, err := f.server.cpu()
	if err != nil {
		return w, err
	}

	w.cpu = after - cpu
	w.took = last.Sub(first)
	w.environments = int(f.calls.environments.Load() - before)

	_, err = f.lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: id})
	if err != nil {
		return w, fmt.Errorf("delete a mapping: %w", err)
	}
	return w, nil
}
