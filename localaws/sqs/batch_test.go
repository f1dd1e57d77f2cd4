package sqs

import (
	"fmt"
	"strings"
	"testing"
)

func entriesOf(bodies ...string) (es []SendMessageBatchRequestEntry) {
	for i, body := range bodies {
		es = append(es, SendMessageBatchRequestEntry{ID: fmt.Sprint("e", i), MessageBody: body})
	}
	return es
}

func TestInvalidBatchesAreRefused_H1_H2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	const badID = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
	withIDs := func(ids ...string) (es []SendMessageBatchRequestEntry) {
		for _, id := range ids {
			es = append(es, SendMessageBatchRequestEntry{ID: id, MessageBody: "x"})
		}
		return es
	}
	half := strings.Repeat("x", 1<<19)
	for _, tt := range []struct {
		entries           []SendMessageBatchRequestEntry
		shape, code, text string
	}{
		{nil, "EmptyBatchRequest", "EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request."},
		{entriesOf(strings.Split(strings.Repeat("x", 20), "")...), "TooManyEntriesInBatchRequest", "TooManyEntriesInBatchRequest",
			"Maximum number of entries per request are 10. You have sent 20."},
		{withIDs("a", ""), "InvalidBatchEntryId", "InvalidBatchEntryId", badID},
		{withIDs("a", "b.c"), "InvalidBatchEntryId", "InvalidBatchEntryId", badID},
		{withIDs(strings.Repeat("a", 81)), "InvalidBatchEntryId", "InvalidBatchEntryId", badID},
		{withIDs("idA", "b", "idA"), "BatchEntryIdsNotDistinct", "BatchEntryIdsNotDistinct", "Id idA repeated."},
		{entriesOf(half, half+"x"), "BatchRequestTooLong", "BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."},
	} {
		t.Run(tt.text, func(t *testing.T) {
			b := b.with(t)
			_, err := do(b, b.s.SendMessageBatch, SendMessageBatchInput{url, tt.entries})
			refused(t, err, tt.shape, "AWS.SimpleQueueService."+tt.code, 400, tt.text)
		})
	}
	_, err := do(b, b.s.DeleteMessageBatch, DeleteMessageBatchInput{QueueURL: url})
	refused(t, err, "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400,
		"There should be at least one DeleteMessageBatchRequestEntry in the request.")
	_, err = do(b, b.s.ChangeMessageVisibilityBatch, ChangeMessageVisibilityBatchInput{QueueURL: url})
	refused(t, err, "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400,
		"There should be at least one ChangeMessageVisibilityBatchRequestEntry in the request.")
	if out := must(b, b.s.SendMessageBatch, SendMessageBatchInput{url, entriesOf(half, half)}); len(out.Successful) != 2 {
		t.Errorf("a batch of just 1 MiB: %+v", out.Failed)
	}
}

func TestOneInvalidEntryDoesNotFailTheOthers_H4(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "MaximumMessageSize", "1024")
	es := entriesOf("good", strings.Repeat("x", 1025), "bad\x07", "", "fine")
	es = append(es, SendMessageBatchRequestEntry{
		ID:           "late",
		MessageBody:  "x",
		DelaySeconds: ref(901),
	})
	out := must(b, b.s.SendMessageBatch, SendMessageBatchInput{url, es})
	if len(out.Successful) != 2 || out.Successful[0].ID != "e0" || out.Successful[1].ID != "e4" || out.Successful[1].MD5OfMessageBody == "" {
		t.Errorf("successful %+v", out.Successful)
	}
	codes := map[string]string{}
	for _, f := range out.Failed {
		codes[f.ID] = f.Code
		if !f.SenderFault || f.Message == "" {
			t.Errorf("failed entry %+v", f)
		}
		if f.ID == "e1" && f.Message != "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes." {
			t.Errorf("text %q", f.Message)
		}
	}
	want := map[string]string{
		"e1":   "InvalidParameterValue",
		"e2":   "InvalidMessageContents",
		"e3":   "EmptyValue",
		"late": "InvalidParameterValue",
	}
	for id, code := range want {
		t.Run(id, func(t *testing.T) {
			if codes[id] != code {
				t.Errorf("entry %s failed with %q, want %s", id, codes[id], code)
			}
		})
	}
	if got := b.counts(url); got != [3]int{2, 0, 0} {
		t.Errorf("counts %v", got)
	}
}

func TestFIFOBatchFailsAsAWhole_H5(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	good := SendMessageBatchRequestEntry{
		ID:                     "a",
		MessageBody:            "x",
		MessageGroupID:         ref("g"),
		MessageDeduplicationID: ref("d"),
	}
	noGroup, noDedup := good, good
	noGroup.ID, noGroup.MessageGroupID = "b", nil
	noDedup.ID, noDedup.MessageDeduplicationID = "b", nil
	_, err := do(b, b.s.SendMessageBatch, SendMessageBatchInput{url, []SendMessageBatchRequestEntry{good, noGroup}})
	invalidValue(t, err, "The request must contain the parameter MessageGroupId.")
	_, err = do(b, b.s.SendMessageBatch, SendMessageBatchInput{url, []SendMessageBatchRequestEntry{good, noDedup}})
	invalidValue(t, err, "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	if got := b.counts(url); got != [3]int{} {
		t.Errorf("counts %v", got)
	}
}

func TestFIFODelayFailsOnlyItsEntry_H6(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	es := []SendMessageBatchRequestEntry{
		{
			ID:                     "a",
			MessageBody:            "x",
			MessageGroupID:         ref("g"),
			MessageDeduplicationID: ref("1"),
			DelaySeconds:           ref(3),
		},
		{
			ID:                     "b",
			MessageBody:            "x",
			MessageGroupID:         ref("g"),
			MessageDeduplicationID: ref("2"),
		},
	}
	out := must(b, b.s.SendMessageBatch, SendMessageBatchInput{b.fifo("q"), es})
	if len(out.Failed) != 1 || out.Failed[0].Message != "The request include parameter that is not valid for this queue type" || len(out.Successful) != 1 {
		t.Errorf("response %+v", out)
	}
	if out.Successful[0].SequenceNumber == "" {
		t.Error("no SequenceNumber in a FIFO batch")
	}
}

func TestBatchDeduplicatesAndStoresTraceHeaders_T11(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	e := SendMessageBatchRequestEntry{
		ID:                      "a",
		MessageBody:             "x",
		MessageGroupID:          ref("g"),
		MessageDeduplicationID:  ref("d"),
		MessageSystemAttributes: map[string]MessageAttributeValue{"AWSTraceHeader": {DataType: "String", StringValue: ref("Root=1")}},
	}
	twin := e
	twin.ID = "b"
	out := must(b, b.s.SendMessageBatch, SendMessageBatchInput{url, []SendMessageBatchRequestEntry{e, twin}})
	if len(out.Successful) != 2 || out.Successful[0].MessageID != out.Successful[1].MessageID {
		t.Errorf("response %+v", out)
	}
	if got := b.one(url).Attributes["AWSTraceHeader"]; got != "Root=1" {
		t.Errorf("AWSTraceHeader %q", got)
	}
}

func TestDeleteBatchAndChangeVisibilityBatch_H4(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "x", "y")
	got := b.receive(url)
	change := must(b, b.s.ChangeMessageVisibilityBatch, ChangeMessageVisibilityBatchInput{url, []ChangeMessageVisibilityBatchRequestEntry{
		{"a", got[0].ReceiptHandle, ref(0)}, {"b", "garbage", ref(1)}, {"c", got[1].ReceiptHandle, ref(-1)}, {"d", got[1].ReceiptHandle, nil},
	}})
	if len(change.Successful) != 1 || len(change.Failed) != 3 || change.Failed[0].Code != "ReceiptHandleIsInvalid" ||
		change.Failed[1].Message != "Value -1 for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200." ||
		change.Failed[2].Code != "MissingParameter" {
		t.Errorf("change %+v", change)
	}
	if c := b.counts(url); c != [3]int{1, 1, 0} {
		t.Errorf("counts %v", c)
	}
	del := must(b, b.s.DeleteMessageBatch, DeleteMessageBatchInput{url, []DeleteMessageBatchRequestEntry{
		{"a", got[0].ReceiptHandle}, {"b", "garbage"}, {"c", got[1].ReceiptHandle},
	}})
	if len(del.Successful) != 2 || len(del.Failed) != 1 || del.Failed[0].Code != "ReceiptHandleIsInvalid" {
		t.Errorf("delete %+v", del)
	}
	if c := b.counts(url); c != [3]int{} {
		t.Errorf("counts %v", c)
	}
}
