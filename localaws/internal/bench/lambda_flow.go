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

// queue makes a queue and connects a bare client to it.
func (f *farm) queue(ctx context.Context, name string) (c *bare, arn *string, err error) {
	made, err := f.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: map[string]string{"VisibilityTimeout": "60"}})
	if err != nil {
		return nil, nil, fmt.Errorf("make a queue: %w", err)
	}
	at, err := f.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	if err != nil {
		return nil, nil, fmt.Errorf("look at a queue: %w", err)
	}
	over, err := dial(ctx, f.server, true)
	if err != nil {
		return nil, nil, err
	}
	return newBare(over, *made.QueueUrl), aws.String(at.Attributes["QueueArn"]), nil
}

// connectMapping maps a queue to the function and waits until it is polled.
func (f *farm) connectMapping(ctx context.Context, arn *string, size int) (id *string, err error) {
	made, err := f.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		EventSourceArn: arn, FunctionName: aws.String(functionName), BatchSize: aws.Int32(int32(size)),
	})
	if err != nil {
		return nil, fmt.Errorf("map a queue: %w", err)
	}
	return made.UUID, nil
}

func (f *farm) mapQueue(ctx context.Context, name string, size int) error {
	c, arn, err := f.queue(ctx, name)
	if err != nil {
		return err
	}
	f.latency = c
	if _, err := f.connectMapping(ctx, arn, size); err != nil {
		return err
	}
	_, err = f.sendToLine(ctx) // the mapping is at work
	return err
}

// sendToLine is the time from before SendMessage to the function's first line.
func (f *farm) sendToLine(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	if err := f.latency.sendOne(ctx); err != nil {
		return 0, err
	}
	got, err := f.calls.next(ctx, true)
	return got.at.Sub(start), err
}

// worked is what became of a backlog.
type worked struct {
	invocations  int
	environments int
	took         time.Duration // from the first call to the last
	cpu          time.Duration // the server's
}

// workOff fills a queue, maps it, and waits until all of it was handed out.
func (f *farm) workOff(ctx context.Context, name string, size, n int) (worked, error) {
	var w worked
	c, arn, err := f.queue(ctx, name)
	if err != nil {
		return w, err
	}
	defer c.close()
	for range n / perBatch {
		if err := c.send(ctx); err != nil {
			return w, err
		}
	}
	if err := f.renew(ctx); err != nil { // no environment is left from before
		return w, err
	}
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
	w.cpu, w.took, w.environments = after-cpu, last.Sub(first), int(f.calls.environments.Load()-before)
	_, err = f.lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: id})
	if err != nil {
		return w, fmt.Errorf("end a mapping: %w", err)
	}
	return w, nil
}
