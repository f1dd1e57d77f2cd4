package flow

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/localaws/control"
)

// Client reads and drives a flow through the AWS API.
type Client struct {
	sqs    *sqs.Client
	lambda *lambda.Client
	logs   *cloudwatchlogs.Client
	clock  *control.Client // nil if the clock cannot be held
}

// New returns a client with the given configuration. clock controls the clock of an
// embedded AWS: it is held while the dead-letter queue is read, and has the service
// time. It is nil for AWS.
func New(cfg aws.Config, clock *control.Client) *Client {
	return &Client{
		sqs:    sqs.NewFromConfig(cfg),
		lambda: lambda.NewFromConfig(cfg),
		logs:   cloudwatchlogs.NewFromConfig(cfg),
		clock:  clock,
	}
}

// Depth is the number of messages in a queue, by state. On AWS it is approximate.
type Depth struct {
	// Queue is the queue's key.
	Queue string `json:"queue"`
	// URL is the queue's URL.
	URL string `json:"url"`
	// Visible messages can be received now.
	Visible int `json:"visible"`
	// InFlight messages were received, and their visibility timeout has not ended.
	InFlight int `json:"in_flight"`
	// Delayed messages were sent, and their delay has not ended.
	Delayed int `json:"delayed"`
}

// Total returns the number of all messages in the queue.
func (d Depth) Total() int { return d.Visible + d.InFlight + d.Delayed }

// Depths returns the depth of every queue of the deployment, in the order of its path.
func (c *Client) Depths(ctx context.Context, d Deployment) ([]Depth, error) {
	depths := make([]Depth, 0, len(d.Path))
	for _, key := range d.Path {
		depth, err := c.depth(ctx, key, d.QueueURLs[key])
		if err != nil {
			return nil, err
		}
		depths = append(depths, depth)
	}
	return depths, nil
}

// depth returns the depth of a queue.
func (c *Client) depth(ctx context.Context, key, url string) (Depth, error) {
	out, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{
		sqstypes.QueueAttributeNameApproximateNumberOfMessages,
		sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		sqstypes.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	}})
	if err != nil {
		return Depth{}, fmt.Errorf("read the depth of queue %s: %w", key, err)
	}

	// SQS returns numbers as text.
	d := Depth{Queue: key, URL: url}
	for name, to := range map[sqstypes.QueueAttributeName]*int{
		sqstypes.QueueAttributeNameApproximateNumberOfMessages:           &d.Visible,
		sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible: &d.InFlight,
		sqstypes.QueueAttributeNameApproximateNumberOfMessagesDelayed:    &d.Delayed,
	} {
		n, err := strconv.Atoi(out.Attributes[string(name)])
		if err != nil {
			return Depth{}, fmt.Errorf("read %s of queue %s: %w", name, key, err)
		}
		*to = n
	}
	return d, nil
}

// QueueAttributes returns all attributes of a queue.
func (c *Client) QueueAttributes(ctx context.Context, url string) (map[string]string, error) {
	all := []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll}
	out, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: all})
	if err != nil {
		return nil, fmt.Errorf("read the attributes of %s: %w", url, err)
	}
	return out.Attributes, nil
}

// FunctionState is the state of a function and its mapping.
type FunctionState struct {
	// Key is the function's key.
	Key string `json:"key"`
	// Name is the function's name.
	Name string `json:"name"`
	// State is the function's state; Active if it can be invoked.
	State string `json:"state"`
	// LastUpdate is the status of the last update; Successful if it is in force.
	LastUpdate string `json:"last_update"`
	// Modified is when it was last modified, in Lambda's format.
	Modified string `json:"modified"`
	// Mapping is the state of its event source mapping, such as Enabled; empty if it
	// has none.
	Mapping string `json:"mapping,omitempty"`
}

// FunctionStates returns the state of every function of the deployment.
func (c *Client) FunctionStates(ctx context.Context, d Deployment) ([]FunctionState, error) {
	var states []FunctionState
	for _, key := range d.FunctionKeys() {
		name := d.Functions[key]
		out, err := c.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		if err != nil {
			return nil, fmt.Errorf("read function %s: %w", name, err)
		}

		s := FunctionState{
			Key:        key,
			Name:       name,
			State:      string(out.State),
			LastUpdate: string(out.LastUpdateStatus),
			Modified:   aws.ToString(out.LastModified),
		}
		// The producer has no mapping.
		if uuid, ok := d.Mappings[key]; ok {
			m, err := c.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: &uuid})
			if err != nil {
				return nil, fmt.Errorf("read the mapping of function %s: %w", name, err)
			}
			s.Mapping = aws.ToString(m.State)
		}
		states = append(states, s)
	}
	return states, nil
}

// Ready reports whether traffic may start: every function is active, every
// mapping enabled, and every queue but the dead-letter queue has a redrive
// policy. If not, why is what is missing.
func (c *Client) Ready(ctx context.Context, d Deployment) (ready bool, why string, err error) {
	states, err := c.FunctionStates(ctx, d)
	if err != nil {
		return false, "", err
	}

	// A function that is being updated still runs its old code.
	for _, s := range states {
		if s.State != string(lambdatypes.StateActive) || s.LastUpdate == string(lambdatypes.LastUpdateStatusInProgress) {
			return false, fmt.Sprintf("function %s is %s, its last update %s", s.Name, s.State, s.LastUpdate), nil
		}
		if s.Mapping != "" && s.Mapping != "Enabled" {
			return false, fmt.Sprintf("the mapping of %s is %s", s.Name, s.Mapping), nil
		}
	}

	for _, key := range d.QueuesWithFunctions() {
		attributes, err := c.QueueAttributes(ctx, d.QueueURLs[key])
		if err != nil {
			return false, "", err
		}
		if attributes["RedrivePolicy"] == "" {
			return false, "queue " + key + " has no redrive policy yet", nil
		}
	}
	return true, "", nil
}

// InvokeResult is the result of an invocation.
type InvokeResult struct {
	// RequestID is the invocation's id in the function's log.
	RequestID string `json:"request_id"`
	// StatusCode is 200 for an invocation, 202 for an accepted event.
	StatusCode int `json:"status_code"`
	// FunctionError is set if the function failed.
	FunctionError string `json:"function_error,omitempty"`
	// Payload is the function's response.
	Payload []byte `json:"-"`
	// LogTail is the end of the log in base64; empty if Invoke did not wait.
	LogTail string `json:"-"`
}

// Invoke invokes a function with a JSON payload. If wait is false, Lambda accepts the
// event for asynchronous invocation.
func (c *Client) Invoke(ctx context.Context, name string, payload []byte, wait bool) (InvokeResult, error) {
	in := &lambda.InvokeInput{
		FunctionName:   &name,
		Payload:        payload,
		InvocationType: lambdatypes.InvocationTypeEvent,
	}
	if wait {
		in.InvocationType = lambdatypes.InvocationTypeRequestResponse
		in.LogType = lambdatypes.LogTypeTail
	}

	once := func(o *lambda.Options) { o.RetryMaxAttempts = 1 } // a retry could do the work twice
	out, err := c.lambda.Invoke(ctx, in, once)
	if err != nil {
		return InvokeResult{}, fmt.Errorf("invoke %s: %w", name, err)
	}

	id, _ := middleware.GetRequestIDMetadata(out.ResultMetadata) // empty if the response has none
	return InvokeResult{
		RequestID:     id,
		StatusCode:    int(out.StatusCode),
		FunctionError: aws.ToString(out.FunctionError),
		Payload:       out.Payload,
		LogTail:       aws.ToString(out.LogResult),
	}, nil
}
