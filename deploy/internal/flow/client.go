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

	"github.com/reliableq/reliableq/deploy/internal/control"
)

// Client reads and drives a flow through the AWS API.
type Client struct {
	sqs    *sqs.Client
	lambda *lambda.Client
	logs   *cloudwatchlogs.Client
	clock  *control.Client // nil where time cannot be held
}

// New is a client with the given configuration. clock leads to the clock of an
// embedded AWS, which is held while the dead-letter queue is read; it is nil for
// an AWS whose time is nobody's to hold.
func New(cfg aws.Config, clock *control.Client) *Client {
	return &Client{
		sqs:    sqs.NewFromConfig(cfg),
		lambda: lambda.NewFromConfig(cfg),
		logs:   cloudwatchlogs.NewFromConfig(cfg),
		clock:  clock,
	}
}

// Depth is how many messages a queue holds, by state. On AWS it is approximate.
type Depth struct {
	// Queue is the queue's key.
	Queue string `json:"queue"`
	// URL is the queue's URL.
	URL string `json:"url"`
	// Visible messages can be received now.
	Visible int `json:"visible"`
	// InFlight messages were received and are hidden.
	InFlight int `json:"in_flight"`
	// Delayed messages cannot be received yet.
	Delayed int `json:"delayed"`
}

// Total is the number of all messages in the queue.
func (d Depth) Total() int { return d.Visible + d.InFlight + d.Delayed }

// Depths reads every queue of the deployment, in the order of its path.
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

func (c *Client) depth(ctx context.Context, key, url string) (Depth, error) {
	out, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{
		sqstypes.QueueAttributeNameApproximateNumberOfMessages,
		sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		sqstypes.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	}})
	if err != nil {
		return Depth{}, fmt.Errorf("read the depth of queue %s: %w", key, err)
	}
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

// QueueAttributes reads all attributes of a queue.
func (c *Client) QueueAttributes(ctx context.Context, url string) (map[string]string, error) {
	all := []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll}
	out, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: all})
	if err != nil {
		return nil, fmt.Errorf("read the attributes of %s: %w", url, err)
	}
	return out.Attributes, nil
}

// FunctionState is what Lambda says of a function.
type FunctionState struct {
	// Key is the function's key.
	Key string `json:"key"`
	// Name is the function's name.
	Name string `json:"name"`
	// State is Active when it can be invoked.
	State string `json:"state"`
	// LastUpdate is Successful when the last change is in force.
	LastUpdate string `json:"last_update"`
	// Modified is when it was changed last, as Lambda writes it.
	Modified string `json:"modified"`
	// Mapping is the state of the mapping that feeds it, such as Enabled; empty
	// for a function without one.
	Mapping string `json:"mapping,omitempty"`
}

// FunctionStates reads every function and mapping of the deployment.
func (c *Client) FunctionStates(ctx context.Context, d Deployment) ([]FunctionState, error) {
	var states []FunctionState
	for _, key := range d.FunctionKeys() {
		name := d.Functions[key]
		out, err := c.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		if err != nil {
			return nil, fmt.Errorf("read function %s: %w", name, err)
		}
		s := FunctionState{Key: key, Name: name, State: string(out.State), LastUpdate: string(out.LastUpdateStatus), Modified: aws.ToString(out.LastModified)}
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
// policy. If not, why says what is missing.
func (c *Client) Ready(ctx context.Context, d Deployment) (ready bool, why string, err error) {
	states, err := c.FunctionStates(ctx, d)
	if err != nil {
		return false, "", err
	}
	for _, s := range states {
		if s.State != string(lambdatypes.StateActive) || s.LastUpdate == string(lambdatypes.LastUpdateStatusInProgress) {
			return false, fmt.Sprintf("function %s is %s, its last update %s", s.Name, s.State, s.LastUpdate), nil
		}
		if s.Mapping != "" && s.Mapping != "Enabled" {
			return false, fmt.Sprintf("the mapping of %s is %s", s.Name, s.Mapping), nil
		}
	}
	for _, key := range d.Live() {
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

// Answer is what an invocation gave.
type Answer struct {
	// RequestID names the invocation in the function's log.
	RequestID string `json:"request_id"`
	// StatusCode is 200 for a call, 202 for an event taken.
	StatusCode int `json:"status_code"`
	// FunctionError is set when the function failed.
	FunctionError string `json:"function_error,omitempty"`
	// Payload is the function's answer.
	Payload []byte `json:"-"`
	// LogTail is the end of the log, base64; empty unless asked for.
	LogTail string `json:"-"`
}

// Invoke calls a function with a JSON payload, or hands it the event and does not
// wait.
func (c *Client) Invoke(ctx context.Context, name string, payload []byte, wait bool) (Answer, error) {
	in := &lambda.InvokeInput{FunctionName: &name, Payload: payload, InvocationType: lambdatypes.InvocationTypeEvent}
	if wait {
		in.InvocationType, in.LogType = lambdatypes.InvocationTypeRequestResponse, lambdatypes.LogTypeTail
	}
	once := func(o *lambda.Options) { o.RetryMaxAttempts = 1 } // trying again could do the work twice
	out, err := c.lambda.Invoke(ctx, in, once)
	if err != nil {
		return Answer{}, fmt.Errorf("invoke %s: %w", name, err)
	}
	id, _ := middleware.GetRequestIDMetadata(out.ResultMetadata)
	return Answer{
		RequestID: id, StatusCode: int(out.StatusCode), FunctionError: aws.ToString(out.FunctionError),
		Payload: out.Payload, LogTail: aws.ToString(out.LogResult),
	}, nil
}
