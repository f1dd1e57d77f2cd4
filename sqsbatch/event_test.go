package sqsbatch_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/sqsbatch"
)

const (
	farAway     = time.Hour
	standardARN = "arn:aws:sqs:us-east-1:000000000000:orders"
	fifoARN     = "arn:aws:sqs:us-east-1:000000000000:orders.fifo"
)

// record returns a record of a standard queue whose receipt handle is "r-" and its id.
func record(id, body string) events.SQSMessage {
	return events.SQSMessage{
		MessageId: id, ReceiptHandle: "r-" + id, Body: body, EventSource: "aws:sqs", EventSourceARN: standardARN, AWSRegion: "us-east-1",
		Attributes: map[string]string{"ApproximateReceiveCount": "1", "SentTimestamp": "946684800000"},
	}
}

// grouped returns a record of a FIFO queue.
func grouped(id, group string) events.SQSMessage {
	m := record(id, id)
	m.EventSourceARN = fifoARN
	m.Attributes["MessageGroupId"] = group
	return m
}

func received(m events.SQSMessage, times int) events.SQSMessage {
	m.Attributes["ApproximateReceiveCount"] = strconv.Itoa(times)
	return m
}

// with adds a message attribute of type String to a record.
func with(m events.SQSMessage, name, value string) events.SQSMessage {
	attributes := map[string]events.SQSMessageAttribute{name: {DataType: "String", StringValue: &value}}
	for other, a := range m.MessageAttributes {
		attributes[other] = a
	}
	m.MessageAttributes = attributes
	return m
}

// ids returns an event of records whose bodies are their ids.
func ids(names ...string) events.SQSEvent {
	var event events.SQSEvent
	for _, id := range names {
		event.Records = append(event.Records, record(id, id))
	}
	return event
}

func batchOf(n int, body string) events.SQSEvent {
	var event events.SQSEvent
	for i := range n {
		event.Records = append(event.Records, record(fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), body))
	}
	return event
}

// failed lists the ids that a response reports.
func failed(response events.SQSEventResponse) []string {
	out := []string{}
	for _, item := range response.BatchItemFailures {
		out = append(out, item.ItemIdentifier)
	}
	return out
}

func must(t testing.TB) func(sqsbatch.Handler, error) sqsbatch.Handler {
	return func(h sqsbatch.Handler, err error) sqsbatch.Handler {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
}
