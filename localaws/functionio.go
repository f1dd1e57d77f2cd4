package localaws

import (
	"context"
	"fmt"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/cloudwatch"
	"github.com/reliableq/reliableq/localaws/lambda"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
	"github.com/reliableq/reliableq/localaws/logs"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// Send implements lambda.Queues.
func (q *queues) Send(ctx context.Context, as awsapi.Caller, queueARN, body string, attributes map[string]lambda.Attribute, trace string) error {
	c, url, err := q.call(as, queueARN)
	if err != nil {
		return err
	}
	in := &sqs.SendMessageInput{QueueURL: url, MessageBody: body, MessageAttributes: map[string]sqs.MessageAttributeValue{}}
	for name, a := range attributes {
		in.MessageAttributes[name] = sqs.MessageAttributeValue{DataType: a.DataType, StringValue: &a.Value}
	}
	if trace != "" {
		in.MessageSystemAttributes = map[string]sqs.MessageAttributeValue{"AWSTraceHeader": {DataType: "String", StringValue: &trace}}
	}
	_, err = run[sqs.SendMessageOutput](ctx, q.server, c, "sqs", "SendMessage", in)
	return err
}

// functionLogs takes what functions write, as their roles may.
type functionLogs struct {
	server *Server
	logs   *logs.Service
}

var _ lambda.Logs = (*functionLogs)(nil)

// Write implements lambda.Logs.
func (l *functionLogs) Write(ctx context.Context, as awsapi.Caller, region, group, stream string, lines []sandbox.Line) error {
	c := l.server.call(as, as.Account, region)
	need := awsapi.Access{
		Action:       "logs:CreateLogGroup",
		Resource:     logs.StreamARN(as.Account, region, group, ""),
		ResourceTags: l.logs.GroupTags(as.Account, region, group),
	}
	if !l.logs.HasGroup(as.Account, region, group) {
		if err := l.server.allow(ctx, c, need); err != nil {
			return err
		}
		if err := l.logs.EnsureGroup(as.Account, region, group); err != nil {
			return fmt.Errorf("make log group %s: %w", group, err)
		}
	}
	need.Resource = logs.StreamARN(as.Account, region, group, stream)
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		need.Action = action
		if err := l.server.allow(ctx, c, need); err != nil {
			return err
		}
	}
	events := make([]logs.Event, len(lines))
	for i, line := range lines {
		events[i] = logs.Event{Time: line.Time, Message: line.Text}
	}
	if err := l.logs.Write(as.Account, region, group, stream, events); err != nil {
		return fmt.Errorf("write to log stream %s of %s: %w", stream, group, err)
	}
	return nil
}

// allow checks one permission of a call that the server makes for somebody.
func (s *Server) allow(ctx context.Context, c *awsapi.Call, need awsapi.Access) error {
	d := s.parts.dispatcher
	if d.Authorize == nil {
		return nil
	}
	return d.Authorize(ctx, c, need)
}

// permit checks one permission of a function's role for Lambda. For a queue its
// policy, tags and key count as they do when a message is sent.
func (s *Server) permit(ctx context.Context, as awsapi.Caller, region string, need awsapi.Access) error {
	c := s.call(as, as.Account, region)
	if need.Action != "sqs:SendMessage" {
		return s.allow(ctx, c, need)
	}
	arn, ok := awsapi.ParseARN(need.Resource)
	if !ok {
		return s.allow(ctx, c, need)
	}
	c.Account, c.Region = arn.Account, arn.Region
	d := s.parts.dispatcher
	op := d.Services["sqs"].Operations["SendMessage"]
	return d.Allow(ctx, c, &op, &sqs.SendMessageInput{QueueURL: c.Endpoint + "/" + arn.Account + "/" + arn.Resource})
}

// functionMetrics takes Lambda's metrics, and the counts of mappings.
type functionMetrics struct{ cloudwatch *cloudwatch.Service }

var _ lambda.Metrics = (*functionMetrics)(nil)

// Record implements lambda.Metrics.
func (m *functionMetrics) Record(account, region string, d lambda.Datum) {
	m.cloudwatch.Record(account, region, cloudwatch.Datum{
		Namespace: "AWS/Lambda", Name: d.Name, Unit: d.Unit, Value: d.Value, Dimensions: dimensions(d.Dimensions),
	})
}

// Count implements mapping.Metrics.
func (m *functionMetrics) Count(account, region, uuid, name string, n int) {
	m.cloudwatch.Record(account, region, cloudwatch.Datum{
		Namespace: "AWS/Lambda", Name: name, Unit: "Count", Value: float64(n),
		Dimensions: []cloudwatch.Dimension{{Name: "EventSourceMappingUUID", Value: uuid}},
	})
}

// dimensions gives a map of dimensions as CloudWatch's own type.
func dimensions(in map[string]string) []cloudwatch.Dimension {
	out := make([]cloudwatch.Dimension, 0, len(in))
	for name, value := range in {
		out = append(out, cloudwatch.Dimension{Name: name, Value: value})
	}
	return out
}
