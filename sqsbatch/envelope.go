package sqsbatch

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// DecodeJSON is a [Decoder] that decodes the body as JSON. It is the default, unless T is
// string.
func DecodeJSON[T any](_ context.Context, m *events.SQSMessage) (T, error) {
	var v T
	err := json.Unmarshal([]byte(m.Body), &v)
	return v, err
}

// DecodeText is a [Decoder] that returns the body unchanged. It is the default if T is
// string.
func DecodeText(_ context.Context, m *events.SQSMessage) (string, error) { return m.Body, nil }

// SNSNotification is a notification of an SNS topic, as a subscription without raw
// message delivery sends it to a queue.
type SNSNotification[T any] struct {
	// MessageID is the id that SNS gave to the message. It is the same for all
	// subscriptions and for repeated deliveries.
	MessageID string
	// TopicARN is the ARN of the topic.
	TopicARN string
	// Subject is the subject; empty if there is none.
	Subject string
	// Timestamp is when the message was published.
	Timestamp time.Time
	// SequenceNumber is the sequence number of a FIFO topic; empty if there is none.
	SequenceNumber string
	// Message is the decoded message.
	Message T
	// Attributes are the message attributes, in the form that raw message delivery
	// gives them. Those of type String.Array have the list as JSON.
	Attributes map[string]events.SQSMessageAttribute
}

// DecodeSNS returns a [Decoder] for a queue that is subscribed to an SNS topic. decode
// decodes the published message, for example [DecodeJSON], [DecodeText] or [DecodeS3]. It
// gets a copy of the record with the message and the attributes of the notification. If
// it is nil, the message is decoded like a body without [WithDecoder].
//
// With raw message delivery the body is the message itself and its attributes are
// those of the record: use decode without DecodeSNS, which refuses such a body.
//
// Signatures are not verified: the queue's policy decides who can send to it. Other
// types than Notification, such as SubscriptionConfirmation, are an error. Members that
// are not known are ignored, because SNS may add some.
func DecodeSNS[T any](decode Decoder[T]) Decoder[SNSNotification[T]] {
	decode = orDefault(decode)
	return func(ctx context.Context, m *events.SQSMessage) (SNSNotification[T], error) {
		var n SNSNotification[T]
		message, err := parseSNS(m.Body, &n)
		if err != nil {
			return SNSNotification[T]{}, fmt.Errorf("SNS notification: %w", err)
		}

		inner := *m
		inner.Body = message
		inner.MessageAttributes = n.Attributes
		if n.Message, err = decode(ctx, &inner); err != nil {
			return SNSNotification[T]{}, fmt.Errorf("message of SNS: %w", err)
		}
		return n, nil
	}
}

// errRaw is the error of a body that is not the JSON of a notification.
var errRaw = errors.New("the body is no notification; if the subscription has raw message delivery, decode the body itself, without DecodeSNS")

// snsAttribute is a message attribute of a notification.
type snsAttribute struct {
	Type  string `json:"Type"`
	Value string `json:"Value"`
}

// parseSNS sets all fields of n except Message, and returns the published text.
func parseSNS[T any](body string, n *SNSNotification[T]) (string, error) {
	o, err := parseObject(body)
	if err != nil || !o.has("Type") {
		return "", errRaw
	}

	var kind, message string
	var attributes map[string]snsAttribute
	o.required("Type", &kind)
	if o.err() == nil && kind != "Notification" {
		return "", fmt.Errorf("the type is %s and not Notification", quoted(kind))
	}
	o.required("MessageId", &n.MessageID)
	o.required("TopicArn", &n.TopicARN)
	o.required("Timestamp", &n.Timestamp)
	o.present("Message", &message)
	o.optional("Subject", &n.Subject)
	o.optional("SequenceNumber", &n.SequenceNumber)
	o.optional("MessageAttributes", &attributes)
	if o.err() != nil {
		return "", o.err()
	}

	n.Attributes, err = fromSNS(attributes)
	return message, err
}

// fromSNS converts attributes of a notification to those of a record.
func fromSNS(from map[string]snsAttribute) (map[string]events.SQSMessageAttribute, error) {
	to := make(map[string]events.SQSMessageAttribute, len(from))
	for name, a := range from {
		attribute := events.SQSMessageAttribute{DataType: a.Type}
		if kindOf(attribute) == typeBinary {
			value, err := base64.StdEncoding.DecodeString(a.Value)
			if err != nil {
				return nil, fmt.Errorf("message attribute %s of type %s: %w", quoted(name), quoted(a.Type), err)
			}
			attribute.BinaryValue = value
		} else {
			attribute.StringValue = &a.Value
		}
		to[name] = attribute
	}
	return to, nil
}

// EventBridgeEvent is an event that an EventBridge rule sends to a queue.
type EventBridgeEvent[T any] struct {
	// ID is the id of the event. A rule may deliver an event more than once.
	ID string
	// Source is the service or application that sent the event.
	Source string
	// DetailType is, with Source, the type of Detail.
	DetailType string
	// Account is the AWS account of the source.
	Account string
	// Region is the AWS region of the source.
	Region string
	// Time is the time of the event, as its source gives it.
	Time time.Time
	// Resources are the ARNs of the resources that the event is about.
	Resources []string
	// ReplayName is the name of the replay of an archive that sent the event; empty if
	// none did.
	ReplayName string
	// Detail is the decoded detail.
	Detail T
}

// DecodeEventBridge returns a [Decoder] for a queue that is the target of an EventBridge
// rule. decode decodes the detail, for example [DecodeJSON]. It gets a copy of the record
// whose body is the detail. If it is nil, the detail is decoded like a body without
// [WithDecoder].
//
// A target with an input, an input path or an input transformer gets another body,
// which DecodeEventBridge refuses unless it has all members of an event: use decode
// without DecodeEventBridge. Members that are not known are ignored.
func DecodeEventBridge[T any](decode Decoder[T]) Decoder[EventBridgeEvent[T]] {
	decode = orDefault(decode)
	return func(ctx context.Context, m *events.SQSMessage) (EventBridgeEvent[T], error) {
		var e EventBridgeEvent[T]
		detail, err := parseEventBridge(m.Body, &e)
		if err != nil {
			return EventBridgeEvent[T]{}, fmt.Errorf("EventBridge event: %w", err)
		}

		inner := *m
		inner.Body = string(detail)
		if e.Detail, err = decode(ctx, &inner); err != nil {
			return EventBridgeEvent[T]{}, fmt.Errorf("detail of EventBridge: %w", err)
		}
		return e, nil
	}
}

// parseEventBridge sets all fields of e except Detail, and returns the detail.
func parseEventBridge[T any](body string, e *EventBridgeEvent[T]) (json.RawMessage, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}

	var version string
	var detail map[string]json.RawMessage
	o.required("version", &version)
	o.required("id", &e.ID)
	o.required("source", &e.Source)
	o.required("detail-type", &e.DetailType)
	o.required("account", &e.Account)
	o.required("region", &e.Region)
	o.required("time", &e.Time)
	o.present("resources", &e.Resources)
	o.present("detail", &detail)
	o.optional("replay-name", &e.ReplayName)
	return o.members["detail"], o.err()
}

// DecodeS3 is a [Decoder] for a queue that gets event notifications of S3 buckets. A
// record has at least its source, name and time, and the bucket and key of its object.
// URLDecodedKey is the key of the object; Key is encoded as in a URL.
//
// The test event, which S3 sends when notifications are configured, is an S3Event
// without records. For notifications through SNS, use DecodeSNS(DecodeS3). S3 events
// through EventBridge have another form.
func DecodeS3(_ context.Context, m *events.SQSMessage) (events.S3Event, error) {
	event, err := parseS3(m.Body)
	if err != nil {
		return events.S3Event{}, fmt.Errorf("S3 event: %w", err)
	}
	return event, nil
}

// parseS3 returns the records of an event.
func parseS3(body string) (events.S3Event, error) {
	o, err := parseObject(body)
	if err != nil {
		return events.S3Event{}, err
	}
	if o.has("Event") && !o.has("Records") {
		var name, bucket string
		o.required("Event", &name)
		o.required("Bucket", &bucket)
		if o.err() == nil && name != "s3:TestEvent" {
			return events.S3Event{}, fmt.Errorf("the event is %s and not s3:TestEvent", quoted(name))
		}
		return events.S3Event{}, o.err()
	}

	var records []json.RawMessage
	o.required("Records", &records)
	if o.err() != nil {
		return events.S3Event{}, o.err()
	}
	event := events.S3Event{Records: make([]events.S3EventRecord, len(records))}
	for i, record := range records {
		if err := parseS3Record(record, &event.Records[i]); err != nil {
			return events.S3Event{}, fmt.Errorf("record %d: %w", i+1, err)
		}
	}
	return event, nil
}

// parseS3Record checks and decodes one record.
func parseS3Record(raw json.RawMessage, record *events.S3EventRecord) error {
	o, err := parseObject(string(raw))
	if err != nil {
		return err
	}
	var source, name, bucketName, key string
	var at time.Time
	o.required("eventSource", &source)
	o.required("eventName", &name)
	o.required("eventTime", &at)
	entity := o.object("s3")
	entity.object("bucket").required("name", &bucketName)
	entity.object("object").required("key", &key)
	if o.err() != nil {
		return o.err()
	}

	if source != "aws:s3" {
		return fmt.Errorf("the event source is %s and not aws:s3", quoted(source))
	}
	return json.Unmarshal(raw, record)
}

// orDefault returns decode, or the decoder without WithDecoder if it is nil.
func orDefault[T any](decode Decoder[T]) Decoder[T] {
	if decode == nil {
		decode = defaultDecoder[T]()
	}
	return decode
}
