package sqs

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Account and name are read from a URL of the real service, current or legacy.
func TestHostsOfTheRealServiceAreAccepted_C1(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue("q")
	for _, host := range []string{"sqs.us-east-1.amazonaws.com", "us-east-1.queue.amazonaws.com", "queue.amazonaws.com"} {
		t.Run(host, func(t *testing.T) {
			b := b.with(t)
			b.send("https://"+host+"/"+account+"/q", host)
		})
	}
	if got := b.counts("q"); got != [3]int{3, 0, 0} {
		t.Errorf("counts %v, want one message by each of three hosts", got)
	}
	elsewhere := call()
	elsewhere.Region = "eu-west-1"
	const legacy = "https://queue.amazonaws.com/" + account + "/q" // of us-east-1
	_, err := b.s.SendMessage(t.Context(), elsewhere, &SendMessageInput{QueueURL: legacy, MessageBody: "x"})
	refused(t, err, "InvalidAddress", "InvalidAddress", 404, "The address "+legacy+" is not valid for this endpoint.")
}

func TestGetQueueUrlFindsByNameAndOwner_D9(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	for owner, found := range map[string]bool{
		"":             true,
		account:        true,
		"111111111111": false,
	} {
		t.Run(fmt.Sprintf("owner %q", owner), func(t *testing.T) {
			b := b.with(t)
			out, err := do(b, b.s.GetQueueUrl, GetQueueUrlInput{QueueName: "q", QueueOwnerAWSAccountID: owner})
			switch {
			case !found:
				missingQueue(t, err)
			case err != nil || out.QueueURL != url:
				t.Errorf("owner %q: %+v, %v, want %s", owner, out, err, url)
			}
		})
	}
	_, err := do(b, b.s.GetQueueUrl, GetQueueUrlInput{QueueName: "Q"})
	missingQueue(t, err)
}

func TestBothListsOfAttributeNamesCount_B12(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "x")
	got := must(b, b.s.ReceiveMessage, ReceiveMessageInput{
		QueueURL:                    url,
		AttributeNames:              []string{"SenderId", "SentTimestamp"},
		MessageSystemAttributeNames: []string{"SentTimestamp", "ApproximateReceiveCount"},
	}).Messages
	if len(got) != 1 || names(got[0].Attributes) != "ApproximateReceiveCount SenderId SentTimestamp" {
		t.Errorf("received %+v, want the union of both lists", got)
	}
}

// An empty list of either kind counts as no list.
func TestEmptyListsCountAsAbsent_G8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	for _, tt := range []struct {
		v     MessageAttributeValue
		taken bool
	}{
		{MessageAttributeValue{StringListValues: []string{}, BinaryListValues: [][]byte{}}, true},
		{MessageAttributeValue{StringListValues: []string{"a"}}, false},
		{MessageAttributeValue{BinaryListValues: [][]byte{{1}}}, false},
	} {
		t.Run(fmt.Sprintf("%q %q", tt.v.StringListValues, tt.v.BinaryListValues), func(t *testing.T) {
			b := b.with(t)
			tt.v.DataType, tt.v.StringValue = "String", ref("x")
			err := b.sendErr(SendMessageInput{
				QueueURL:          url,
				MessageBody:       "x",
				MessageAttributes: map[string]MessageAttributeValue{"a": tt.v},
			})
			if tt.taken {
				if err != nil {
					t.Errorf("empty lists: %v", err)
				}
				return
			}
			refused(t, err, "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400,
				"Message attribute list values in SendMessage operation are not supported.")
		})
	}
}

// The digest is over length and bytes of name, type with label, and value, sorted by
// the bytes of the names: upper case comes before lower case.
func TestDigestIsSortedByBytesAndIncludesLabels_G9(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	out := must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:    url,
		MessageBody: "x",
		MessageAttributes: map[string]MessageAttributeValue{
			"a": {DataType: "Binary.gif", BinaryValue: []byte{7, 0}},
			"é": {DataType: "Number", StringValue: ref("10")},
			"B": {DataType: "String.x", StringValue: ref("ü")},
		},
	})
	sum := md5.Sum(bytes.Join([][]byte{
		[]byte("\x00\x00\x00\x01B"), []byte("\x00\x00\x00\x08String.x"), {1}, []byte("\x00\x00\x00\x02ü"),
		[]byte("\x00\x00\x00\x01a"), []byte("\x00\x00\x00\x0aBinary.gif"), {2}, []byte("\x00\x00\x00\x02\x07\x00"),
		[]byte("\x00\x00\x00\x02é"), []byte("\x00\x00\x00\x06Number"), {1}, []byte("\x00\x00\x00\x0210"),
	}, nil))
	if want := hex.EncodeToString(sum[:]); out.MD5OfMessageAttributes != want {
		t.Errorf("digest %s, want %s", out.MD5OfMessageAttributes, want)
	}
}

// The queue's MaximumMessageSize limits each entry and not their sum.
func TestMaximumMessageSizeDoesNotLimitTheBatch_H3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "MaximumMessageSize", "1024")
	full := strings.Repeat("x", 1024)
	if out := must(b, b.s.SendMessageBatch, SendMessageBatchInput{url, entriesOf(full, full, full)}); len(out.Successful) != 3 {
		t.Errorf("three entries of the queue's limit: %+v", out.Failed)
	}
	half := strings.Repeat("x", 1<<19)
	_, err := do(b, b.s.SendMessageBatch, SendMessageBatchInput{url, entriesOf(half, half+"x")})
	refused(t, err, "BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400,
		"Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")
}

// Every receive that ends without a delete counts once towards the dead-letter queue,
// and so does a receive with visibility timeout 0 (L19).
func TestEveryReceiveCounts_J13_L19(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(b *bench, url string){
		"the timeout runs out": func(b *bench, url string) {
			b.one(url)
			b.advance(10 * time.Second)
		},
		"the timeout is set to 0": func(b *bench, url string) { b.hide(url, b.one(url), 0) },
		"a changed timeout runs out": func(b *bench, url string) {
			b.hide(url, b.one(url), 60)
			b.advance(time.Minute)
		},
		"received with timeout 0": func(b *bench, url string) {
			must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, VisibilityTimeout: ref(0)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			src, dlq := b.queue("src", "VisibilityTimeout", "10"), b.queue("dlq")
			b.redrive(src, dlq, "3")
			b.send(src, "x")
			for range 3 {
				end(b, src)
			}
			if s, d := b.counts(src), b.counts(dlq); s != [3]int{1, 0, 0} || d != [3]int{} {
				t.Fatalf("after three receives source %v, dead-letter queue %v", s, d)
			}
			if got := b.receive(src); len(got) != 0 {
				t.Errorf("a fourth delivery of %q", bodies(got))
			}
			if got := b.one(dlq).Attributes["ApproximateReceiveCount"]; got != "4" {
				t.Errorf("count %s in the dead-letter queue, want 4: three in the source and this one", got)
			}
		})
	}
}
