package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// sdk is a client that uses the AWS SDK with its defaults.
type sdk struct {
	sqs  *sqs.Client
	http *http.Client
	url  *string
	send []types.SendMessageBatchRequestEntry
}

// newSDK makes a client for an endpoint that uses the given transport.
func newSDK(endpoint, id, key, queueURL string, transport http.RoundTripper) *sdk {
	h := &http.Client{Transport: transport}
	c := &sdk{
		http: h,
		url:  aws.String(queueURL),
		sqs: sqs.NewFromConfig(aws.Config{
			Region:      region,
			Credentials: credentials.NewStaticCredentialsProvider(id, key, ""),
			HTTPClient:  h,
		},
			func(o *sqs.Options) { o.BaseEndpoint = aws.String(endpoint) }),
	}

	for i := range perBatch {
		c.send = append(c.send, types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(strings.Repeat("x", bodySize)),
		})
	}

	return c
}

// overSocket returns a transport with a connection of its own.
func overSocket() http.RoundTripper {
	return &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute}
}

func (c *sdk) close() error {
	c.http.CloseIdleConnections()
	return nil
}

func (c *sdk) cycle(ctx context.Context) (int, error) {
	sent, err := c.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: c.url, Entries: c.send})
	if err != nil {
		return 0, fmt.Errorf("send: %w", err)
	}

	if len(sent.Failed) > 0 {
		return 0, errors.New("some messages of a batch were rejected")
	}

	// Delete what was received.
	got, err := c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: c.url, MaxNumberOfMessages: perBatch})
	if err != nil {
		return 0, fmt.Errorf("receive: %w", err)
	}

	if len(got.Messages) == 0 {
		return 0, errors.New("received no message from a queue that is not empty")
	}

	del := &sqs.DeleteMessageBatchInput{QueueUrl: c.url}
	for i, m := range got.Messages {
		del.Entries = append(del.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}

	if _, err := c.sqs.DeleteMessageBatch(ctx, del); err != nil {
		return 0, fmt.Errorf("delete: %w", err)
	}
	return len(got.Messages), nil
}
