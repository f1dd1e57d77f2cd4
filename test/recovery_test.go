package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func TestAMessageThatSucceedsOnItsSecondReplayIsProcessed(t *testing.T) {
	t.Parallel()
	d, _ := classic(t) // its run has ended and was read: this message is not part of it
	since := d.serviceTime(t)
	url := d.queues["source"]
	number := func(value string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: aws.String("Number"), StringValue: &value}
	}
	sent, err := sqs.NewFromConfig(d.cfg).SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl:    &url,
		MessageBody: aws.String(`{"order_id":"recovers","customer_id":"c-1","sku":"s-1","quantity":1,"amount":1.5,"placed_at":"2026-01-02T03:04:05Z"}`),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"project":           {DataType: aws.String("String"), StringValue: aws.String("reliableq")},
			"ts":                number("1767323045"),
			"store_id":          number("3"),
			"fail_until_replay": number("2"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.settle(t)
	r := d.read(t, since, *sent.MessageId)
	if got := r.processed[*sent.MessageId]; got != 1 {
		t.Errorf("the message was processed %d times, want once, on its second replay", got)
	}
	if _, dead := r.dead[*sent.MessageId]; dead {
		t.Error("the message is in the dead-letter queue")
	}
	replays := 0
	for _, line := range r.retryLog {
		if strings.Contains(line, `"msg":"replayed"`) && strings.Contains(line, *sent.MessageId) {
			replays++
		}
	}
	if replays != 2 {
		t.Errorf("the message was replayed %d times, want 2", replays)
	}
}
