package sqs

import (
	"strings"
	"testing"
	"time"
)

func (b *bench) arn(url string) string { return b.attributes(url)["QueueArn"] }

func (b *bench) redrive(from, to string, n string) {
	b.set(from, "RedrivePolicy", `{"deadLetterTargetArn":"`+b.arn(to)+`","maxReceiveCount":`+n+`}`)
}

func TestMaxReceiveCountIsTheNumberOfDeliveries_L1(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.queue("src", "VisibilityTimeout", "10"), b.queue("dlq")
	b.redrive(src, dlq, "3")
	b.send(src, "hello")
	for range 3 {
		b.one(src)
		b.advance(10 * time.Second)
	}
	if got := b.receive(src); len(got) != 0 {
		t.Errorf("a fourth delivery of %q", bodies(got))
	}
	if m := b.one(dlq); m.Body != "hello" {
		t.Errorf("the dead-letter queue gave %q", m.Body)
	}
}

func TestMessageMovesAtTheReceiveAndNotBefore_L2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.queue("src", "VisibilityTimeout", "10"), b.queue("dlq")
	b.redrive(src, dlq, "1")
	b.send(src, "hello")
	b.one(src)
	b.advance(70 * time.Second)
	if got := b.counts(src); got != [3]int{1, 0, 0} {
		t.Errorf("source counts %v a minute after the timeout, want the message still in the source", got)
	}
	b.receive(src)
	if s, d := b.counts(src), b.counts(dlq); s != [3]int{} || d != [3]int{1, 0, 0} {
		t.Errorf("after the receive source %v, dead-letter queue %v", s, d)
	}
}

func TestReceiveCountContinuesAcrossQueues_L4_L5(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dlq := b.queue("dlq")
	retry := b.queue("retry", "VisibilityTimeout", "10")
	src := b.queue("src", "VisibilityTimeout", "10")
	b.redrive(retry, dlq, "3")
	b.redrive(src, retry, "5")
	b.send(src, "order")
	want := 0
	for _, leg := range []struct {
		url string
		n   int
	}{{src, 5}, {retry, 3}, {dlq, 1}} {
		for range leg.n {
			want++
			m := b.one(leg.url)
			if got := m.Attributes["ApproximateReceiveCount"]; got != string(rune('0'+want)) {
				t.Fatalf("receive %d shows count %s", want, got)
			}
			b.advance(10 * time.Second)
		}
		if leg.url != dlq {
			b.receive(leg.url)
		}
	}
}

func TestReceiveThatMovesAMessageReturnsOthers_L3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.queue("src", "VisibilityTimeout", "10"), b.queue("dlq")
	b.redrive(src, dlq, "1")
	b.send(src, "old")
	b.one(src)
	b.advance(10 * time.Second)
	b.send(src, "new")
	if got := b.one(src); got.Body != "new" {
		t.Errorf("the moving receive gave %q", got.Body)
	}
	if got := b.one(dlq).Attributes["ApproximateReceiveCount"]; got != "2" {
		t.Errorf("count %s at the first receive from the dead-letter queue, want 2", got)
	}
}

func TestLongPollContinuesAfterAMove_L3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.queue("src", "VisibilityTimeout", "10"), b.queue("dlq")
	b.redrive(src, dlq, "1")
	b.send(src, "x")
	b.one(src)
	waiting, dlqPoll := b.poll(src), b.poll(dlq)
	b.advance(10 * time.Second) // it becomes visible, and the waiting poll moves it
	if ms := b.pollResult(dlqPoll); len(ms) != 1 {
		t.Errorf("the poll of the dead-letter queue got %q", bodies(ms))
	}
	b.send(src, "y")
	if ms := b.pollResult(waiting); len(ms) != 1 || ms[0].Body != "y" {
		t.Errorf("the poll of the source got %q", bodies(ms))
	}
}

func TestFieldsThatAMovePreservesAndAdds_L6_L7(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.queue("src", "VisibilityTimeout", "10"), b.queue("dlq", "DelaySeconds", "60")
	b.redrive(src, dlq, "1")
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:                src,
		MessageBody:             "x",
		MessageGroupID:          ref("tenant"),
		MessageAttributes:       map[string]MessageAttributeValue{"color": {DataType: "String", StringValue: ref("blue")}},
		MessageSystemAttributes: map[string]MessageAttributeValue{"AWSTraceHeader": {DataType: "String", StringValue: ref("Root=1")}},
	})
	before := b.one(src)
	b.advance(10 * time.Second)
	b.receive(src)
	after := b.one(dlq) // immediately: the queue's delay does not apply (L7)
	wanted := clone(before.Attributes)
	wanted["DeadLetterQueueSourceArn"] = b.arn(src)
	wanted["ApproximateReceiveCount"] = "2"
	for name, v := range wanted {
		t.Run(name, func(t *testing.T) {
			if after.Attributes[name] != v {
				t.Errorf("%s is %q, want %q", name, after.Attributes[name], v)
			}
		})
	}
	if after.MessageID != before.MessageID || after.MD5OfMessageAttributes != before.MD5OfMessageAttributes || after.Body != "x" {
		t.Errorf("moved as %+v", after)
	}
	if after.ReceiptHandle == before.ReceiptHandle {
		t.Error("the handle is the old one")
	}
}

func TestFIFODeadLetterQueue_L8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.fifo("src", "VisibilityTimeout", "10"), b.fifo("dlq")
	b.redrive(src, dlq, "1")
	b.post(dlq, "aX") // the same group with its own sequence numbers
	b.post(src, "a1", "a2")
	first := b.receive(src)
	b.remove(src, first[1])
	b.post(src, "a3")
	b.advance(10 * time.Second)
	if got := joined(bodies(b.receive(src))); got != "a3" {
		t.Errorf("after the move %q: the group is unlocked", got)
	}
	got := b.receive(dlq)
	if joined(bodies(got)) != "aX a1" {
		t.Fatalf("dead letters %q", bodies(got))
	}
	if a := got[1].Attributes; a["MessageDeduplicationId"] != first[0].MessageID || a["MessageGroupId"] != "a" ||
		a["SequenceNumber"] <= got[0].Attributes["SequenceNumber"] {
		t.Errorf("attributes %v", a)
	}
}

func TestQueueMayBeItsOwnDeadLetterQueue_L11(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	self, one, two := b.queue("self", "VisibilityTimeout", "0"), b.queue("one"), b.queue("two")
	b.redrive(self, self, "1")
	b.redrive(one, two, "1")
	b.redrive(two, one, "1")
	b.send(self, "x")
	b.one(self)
	b.receive(self) // moves it to itself
	if m := b.one(self); m.Attributes["ApproximateReceiveCount"] != "2" && m.Attributes["ApproximateReceiveCount"] != "3" {
		t.Errorf("attributes %v", m.Attributes)
	}
}

func TestMessageStaysIfTheDeadLetterQueueIsDeleted_L12(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.queue("src", "VisibilityTimeout", "0"), b.queue("dlq")
	b.redrive(src, dlq, "1")
	b.send(src, "x")
	mustRun(b, b.s.DeleteQueue, QueueInput{dlq})
	for range 5 {
		b.one(src)
	}
}

func TestLaterOrLoweredRedrivePolicyApplies_Z9(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.queue("src", "VisibilityTimeout", "0"), b.queue("dlq")
	b.send(src, "x")
	b.one(src)
	b.one(src)
	b.redrive(src, dlq, "2")
	if got := b.receive(src); len(got) != 0 {
		t.Errorf("received %q", bodies(got))
	}
	if got := b.counts(dlq); got != [3]int{1, 0, 0} {
		t.Errorf("dead-letter queue %v", got)
	}
}

func TestRedrivePolicyValidation_E14_L13_L14(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue("dlq")
	b.fifo("dlq")
	src := b.queue("src")
	const dlq = "arn:aws:sqs:us-east-1:000000000000:dlq"
	policy := func(arn, count string) string {
		return `{"maxReceiveCount":` + count + `, "deadLetterTargetArn":"` + arn + `"}`
	}
	for _, good := range []string{policy(dlq, "5"), policy(dlq, `"5"`)} {
		t.Run(good, func(t *testing.T) {
			b := b.with(t)
			b.set(src, "RedrivePolicy", good)
			equal(t, "reads back", b.attributes(src)["RedrivePolicy"], `{"deadLetterTargetArn":"`+dlq+`","maxReceiveCount":5}`)
		})
	}
	for _, tt := range []struct{ text, reason string }{
		{`{}`, "Redrive policy does not contain mandatory attribute: maxReceiveCount."},
		{`{"maxReceiveCount":1}`, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."},
		{`{"maxReceiveCount":1,"deadLetterTargetArn":"` + dlq + `","x":1}`, "Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount]."},
		{policy(dlq, "0"), "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive."},
		{policy(dlq, "1001"), "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive."},
		{policy(dlq, "1.5"), "Invalid value for maxReceiveCount: 1.5, valid values are from 1 to 1000 both inclusive."},
		{policy("arn:aws:sqs:us-east-1:000000000000:nope", "1"), "Dead letter target does not exist."},
		{policy("arn:aws:sqs:eu-west-1:000000000000:dlq", "1"), "Dead letter target does not exist."},
		{policy("arn:aws:sqs:us-east-1:000000000000:dlq.fifo", "1"), "Dead-letter queue must be same type of queue as the source.."},
		{policy("arn:aws:sns:us-east-1:000000000000:dlq", "1"), "Only SQS queues are valid resources for deadLetterTargetArn."},
		{policy("dlq", "1"), "Dead-letter target ARN should be fully qualified ARN."},
		{policy("arn:aws:sqs:us-east-1:111111111111:dlq", "1"), "Dead-letter target owner should be same as the source."},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			b := b.with(t)
			err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: src, Attributes: map[string]string{"RedrivePolicy": tt.text}})
			invalidValue(t, err, "Value "+tt.text+" for parameter RedrivePolicy is invalid. Reason: "+tt.reason)
			_, err = do(b, b.s.CreateQueue, CreateQueueInput{QueueName: "new", Attributes: map[string]string{"RedrivePolicy": tt.text}})
			invalidValue(t, err, "Value "+tt.text+" for parameter RedrivePolicy is invalid. Reason: "+tt.reason)
		})
	}
	for _, bad := range []string{"x", "[]", "null", `"x"`} {
		t.Run(bad, func(t *testing.T) {
			b := b.with(t)
			err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: src, Attributes: map[string]string{"RedrivePolicy": bad}})
			refused(t, err, "InvalidAttributeValue", "InvalidAttributeValue", 400,
				"Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.")
		})
	}
}

func TestRedriveAllowPolicyIsCheckedWhenASourceIsSet_L15(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, other, dlq := b.queue("src"), b.queue("other"), b.queue("dlq")
	b.redrive(other, dlq, "3")
	b.set(dlq, "RedriveAllowPolicy", `{"redrivePermission":"byQueue","sourceQueueArns":["`+b.arn(src)+`"]}`)
	equal(t, "reads back", b.attributes(dlq)["RedriveAllowPolicy"], `{"redrivePermission":"byQueue","sourceQueueArns":["`+b.arn(src)+`"]}`)
	b.redrive(src, dlq, "3")
	text := `{"deadLetterTargetArn":"` + b.arn(dlq) + `","maxReceiveCount":4}`
	err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: other, Attributes: map[string]string{"RedrivePolicy": text}})
	if err == nil || !strings.Contains(err.Error(), "InvalidParameterValue") {
		t.Errorf("a source that is not allowed: %v", err)
	}
	if b.attributes(other)["RedrivePolicy"] == "" {
		t.Error("the earlier source has lost its policy")
	}
	b.set(dlq, "RedriveAllowPolicy", `{"redrivePermission":"allowAll","sourceQueueArns":null}`)
	equal(t, "null members", b.attributes(dlq)["RedriveAllowPolicy"], `{"redrivePermission":"allowAll"}`)
}

func TestInvalidRedriveAllowPoliciesAreRefused_L16(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	set := func(text string) error {
		err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: url, Attributes: map[string]string{"RedriveAllowPolicy": text}})
		return err
	}
	for _, bad := range []string{"x", "{}", `{"redrivePermission":"some"}`, `{"redrivePermission":"allowAll","x":1}`, `{"redrivePermission":"allowAll"} x`} {
		t.Run(bad, func(t *testing.T) {
			refused(t, set(bad), "InvalidAttributeValue", "InvalidAttributeValue", 400, "Invalid value for the parameter RedriveAllowPolicy. "+
				"Reason: Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.")
		})
	}
	eleven := `"` + strings.TrimSuffix(strings.Repeat(`arn","`, 11), `,"`)
	for text, reason := range map[string]string{
		`{"redrivePermission":"byQueue"}`: "" +
			"When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.",
		`{"redrivePermission":"allowAll","sourceQueueArns":["a"]}`:           "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
		`{"redrivePermission":"byQueue","sourceQueueArns":[` + eleven + `]}`: "The maximum number of source queue ARNs you can specify is 10.",
	} {
		t.Run(reason, func(t *testing.T) {
			invalidValue(t, set(text), "Value "+text+" for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't create the redrive allow policy. "+reason)
		})
	}
}

func TestListDeadLetterSourceQueues_L18(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dlq := b.queue("dlq")
	if got := must(b, b.s.ListDeadLetterSourceQueues, ListDeadLetterSourceQueuesInput{QueueURL: dlq}); got.QueueURLs != nil {
		t.Errorf("without a source: %v", got.QueueURLs)
	}
	for _, name := range []string{"s2", "s1", "s3", "none"} {
		if url := b.queue(name); name != "none" {
			b.redrive(url, dlq, "1")
		}
	}
	page := must(b, b.s.ListDeadLetterSourceQueues, ListDeadLetterSourceQueuesInput{QueueURL: dlq, MaxResults: ref(2)})
	rest := must(b, b.s.ListDeadLetterSourceQueues, ListDeadLetterSourceQueuesInput{
		QueueURL:   dlq,
		MaxResults: ref(2),
		NextToken:  page.NextToken,
	})
	got := strings.ReplaceAll(joined(append(page.QueueURLs, rest.QueueURLs...)), endpoint+"/000000000000/", "")
	if got != "s1 s2 s3" || rest.NextToken != "" {
		t.Errorf("pages gave %s", got)
	}
}

func FuzzRedrivePolicies(f *testing.F) {
	f.Add(`{"deadLetterTargetArn":"arn:aws:sqs:r:a:q","maxReceiveCount":"3"}`)
	f.Add(`{"redrivePermission":"byQueue","sourceQueueArns":["a"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if r, err := parseRedrivePolicy(text); err == nil {
			if again, err := parseRedrivePolicy(r.String()); err != nil || *again != *r {
				t.Errorf("%q reads back as %v, %v", text, again, err)
			}
		}
		if r, err := parseRedriveAllowPolicy(text); err == nil {
			if again, err := parseRedriveAllowPolicy(r.String()); err != nil || again.String() != r.String() {
				t.Errorf("%q reads back as %v, %v", text, again, err)
			}
		}
	})
}
