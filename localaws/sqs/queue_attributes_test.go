package sqs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func names(m map[string]string) string { return strings.Join(slices.Sorted(maps.Keys(m)), " ") }

func TestAttributesOfANewQueue_E1_E2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.attributes(b.queue("q"))
	want := map[string]string{
		"QueueArn":                              "arn:aws:sqs:us-east-1:000000000000:q",
		"ApproximateNumberOfMessages":           "0",
		"ApproximateNumberOfMessagesNotVisible": "0",
		"ApproximateNumberOfMessagesDelayed":    "0",
		"CreatedTimestamp":                      "1767323045",
		"LastModifiedTimestamp":                 "1767323045",
		"VisibilityTimeout":                     "30",
		"MaximumMessageSize":                    "1048576",
		"MessageRetentionPeriod":                "345600",
		"DelaySeconds":                          "0",
		"ReceiveMessageWaitTimeSeconds":         "0",
		"SqsManagedSseEnabled":                  "true",
	}
	if !maps.Equal(got, want) {
		t.Errorf("standard: %v\nwant %v", got, want)
	}
	for name, v := range map[string]string{
		"FifoQueue":                 "true",
		"ContentBasedDeduplication": "false",
		"DeduplicationScope":        "queue",
		"FifoThroughputLimit":       "perQueue",
		"QueueArn":                  "arn:aws:sqs:us-east-1:000000000000:q.fifo",
	} {
		want[name] = v
	}
	if got := b.attributes(b.fifo("q")); !maps.Equal(got, want) {
		t.Errorf("FIFO: %v\nwant %v", got, want)
	}
}

func TestNoNamesReturnNoAttributes_E3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	if got := must(b, b.s.GetQueueAttributes, GetQueueAttributesInput{QueueURL: url}).Attributes; got != nil {
		t.Errorf("got %v", got)
	}
	in := GetQueueAttributesInput{QueueURL: url, AttributeNames: []string{"Policy", "DelaySeconds"}}
	if got := must(b, b.s.GetQueueAttributes, in).Attributes; names(got) != "DelaySeconds" {
		t.Errorf("got %v: want attributes without a value to be absent", got)
	}
}

func TestAttributesThatCannotBeSet_E4_E5_D5_E7(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	std, fifo := b.queue("q"), b.fifo("q")
	for _, tt := range []struct{ url, name, value, want string }{
		{std, "Nope", "1", "Unknown Attribute Nope."},
		{std, "QueueArn", "x", "Unknown Attribute QueueArn."},
		{std, "CreatedTimestamp", "1", "Unknown Attribute CreatedTimestamp."},
		{std, "ApproximateNumberOfMessages", "1", "Unknown Attribute ApproximateNumberOfMessages."},
		{std, "All", "1", "Unknown Attribute All."},
		{std, "FifoQueue", "true", "Unknown Attribute FifoQueue."},
		{std, "FifoQueue", "false", "Unknown Attribute FifoQueue."},
		{std, "ContentBasedDeduplication", "false", "Unknown Attribute ContentBasedDeduplication."},
		{std, "DeduplicationScope", "queue", "You can specify the DeduplicationScope only when FifoQueue is set to true."},
		{std, "FifoThroughputLimit", "perQueue", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := b.with(t)
			err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: tt.url, Attributes: map[string]string{tt.name: tt.value}})
			refused(t, err, "InvalidAttributeName", "InvalidAttributeName", 400, tt.want)
			_, err = do(b, b.s.CreateQueue, CreateQueueInput{QueueName: "new", Attributes: map[string]string{tt.name: tt.value}})
			if err == nil {
				t.Errorf("CreateQueue accepts %s=%s", tt.name, tt.value)
			}
		})
	}
	b.set(fifo, "FifoQueue", "true")
	err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: fifo, Attributes: map[string]string{"FifoQueue": "false"}})
	refused(t, err, "InvalidAttributeValue", "InvalidAttributeValue", 400,
		"Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
	_, err = do(b, b.s.GetQueueAttributes, GetQueueAttributesInput{QueueURL: std, AttributeNames: []string{"Nope"}})
	refused(t, err, "InvalidAttributeName", "InvalidAttributeName", 400, "Unknown Attribute Nope.")
}

func TestAttributeValuesOutOfRange_E6(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	fifo := b.fifo("q")
	for name, values := range map[string]string{
		"VisibilityTimeout":             "-1 43201 1.5 +1 x 99999999999999999999",
		"DelaySeconds":                  "901",
		"MessageRetentionPeriod":        "59 1209601",
		"ReceiveMessageWaitTimeSeconds": "21",
		"MaximumMessageSize":            "1023 1048577",
		"KmsDataKeyReusePeriodSeconds":  "59 86401",
		"SqsManagedSseEnabled":          "yes",
		"ContentBasedDeduplication":     "1",
		"DeduplicationScope":            "Queue",
		"FifoThroughputLimit":           "none",
	} {
		t.Run(name, func(t *testing.T) {
			b := b.with(t)
			for _, v := range append(strings.Fields(values), " 1", "") {
				err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: fifo, Attributes: map[string]string{name: v}})
				refused(t, err, "InvalidAttributeValue", "InvalidAttributeValue", 400, "Invalid value for the parameter "+name+".")
				_, err = do(b, b.s.CreateQueue, CreateQueueInput{QueueName: "n.fifo", Attributes: map[string]string{"FifoQueue": "true", name: v}})
				refused(t, err, "InvalidAttributeValue", "InvalidAttributeValue", 400, "Invalid value for the parameter "+name+".")
			}
		})
	}
}

func TestAttributesAreSetAllOrNone_E8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	before := b.attributes(url)
	b.advance(5 * time.Second)
	err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: url, Attributes: pairs([]string{"DelaySeconds", "5", "VisibilityTimeout", "x"})})
	if err == nil {
		t.Fatal("a bad value was accepted")
	}
	if got := b.attributes(url); !maps.Equal(got, before) {
		t.Errorf("attributes became %v", got)
	}
	b.set(url, "DelaySeconds", "5")
	got := b.attributes(url)
	if got["DelaySeconds"] != "5" || got["LastModifiedTimestamp"] != "1767323050" || got["CreatedTimestamp"] != before["CreatedTimestamp"] {
		t.Errorf("attributes became %v", got)
	}
}

func TestShorterRetentionExpiresMessages_E8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "x")
	b.advance(2 * time.Minute)
	b.set(url, "MessageRetentionPeriod", "60")
	if got := b.counts(url); got != [3]int{} {
		t.Errorf("counts %v", got)
	}
}

func TestBooleansAreReportedInLowerCase_E9(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	must(b, b.s.CreateQueue, CreateQueueInput{QueueName: "q.fifo", Attributes: pairs([]string{"FifoQueue", "True", "ContentBasedDeduplication", "TRUE"})})
	got := b.attributes("q.fifo")
	if got["FifoQueue"] != "true" || got["ContentBasedDeduplication"] != "true" {
		t.Errorf("got %v", got)
	}
}

func TestEmptyValueRemovesAnAttribute_E10(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url, dlq := b.queue("q"), b.queue("dlq")
	before := names(b.attributes(url))
	b.redrive(url, dlq, "3")
	b.set(url, "Policy", onePolicy, "RedriveAllowPolicy", `{"redrivePermission":"denyAll"}`,
		"KmsMasterKeyId", "alias/aws/sqs", "KmsDataKeyReusePeriodSeconds", "60")
	if got := b.attributes(url); len(got) != 17 {
		t.Errorf("%d attributes: %s", len(got), names(got))
	}
	b.set(url, "Policy", "", "RedrivePolicy", "", "RedriveAllowPolicy", "", "KmsMasterKeyId", "", "KmsDataKeyReusePeriodSeconds", "300")
	if got := names(b.attributes(url)); got != before {
		t.Errorf("attributes %s\nwant %s", got, before)
	}
}

func TestOneTypeOfEncryptionAtATime_E11(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.set(url, "KmsMasterKeyId", "alias/aws/sqs")
	if got := b.attributes(url)["SqsManagedSseEnabled"]; got != "false" {
		t.Errorf("SqsManagedSseEnabled is %s with a KMS key", got)
	}
	b.set(url, "KmsMasterKeyId", "")
	if got := b.attributes(url)["SqsManagedSseEnabled"]; got != "false" {
		t.Errorf("SqsManagedSseEnabled is %s after the key was removed", got)
	}
	err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{
		QueueURL: url, Attributes: pairs([]string{"KmsMasterKeyId", "alias/aws/sqs", "SqsManagedSseEnabled", "true"}),
	})
	refused(t, err, "InvalidAttributeName", "InvalidAttributeName", 400,
		"You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
}

func TestPolicyIsReportedAsSetOrRefused_E13(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	const policy = `{"Statement":[{"Action":"sqs:*","Effect":"Allow","Principal":"*","Resource":"*"}],"Version":"2012-10-17"}`
	b.set(url, "Policy", policy)
	if got := b.attributes(url)["Policy"]; got != policy {
		t.Errorf("policy reads back as %s", got)
	}
	for _, bad := range []string{"x", "[]", `"x"`, `{`, `{}`} {
		t.Run(bad, func(t *testing.T) {
			b := b.with(t)
			err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: url, Attributes: map[string]string{"Policy": bad}})
			refused(t, err, "InvalidAttributeValue", "InvalidAttributeValue", 400, "Invalid value for the parameter Policy.")
		})
	}
}

func TestNewDelayAppliesToDelayedMessagesOfFIFOQueuesOnly_E15(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	std, fifo := b.queue("q", "DelaySeconds", "10"), b.fifo("q", "DelaySeconds", "10")
	b.send(std, "x")
	b.post(fifo, "gx")
	b.set(std, "DelaySeconds", "0")
	b.set(fifo, "DelaySeconds", "0")
	if got := b.counts(std); got != [3]int{0, 0, 1} {
		t.Errorf("standard: %v, want it delayed still", got)
	}
	if got := b.counts(fifo); got != [3]int{1, 0, 0} {
		t.Errorf("FIFO: %v, want it visible", got)
	}
}

func TestPerMessageGroupIDRequiresItsScope_E16(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	attrs := pairs([]string{"FifoQueue", "true", "FifoThroughputLimit", "perMessageGroupId"})
	_, err := do(b, b.s.CreateQueue, CreateQueueInput{QueueName: "q.fifo", Attributes: attrs})
	invalidValue(t, err, "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.")
	b.fifo("q", "FifoThroughputLimit", "perMessageGroupId", "DeduplicationScope", "messageGroup")
	b.fifo("r", "DeduplicationScope", "messageGroup")
}

func TestTagAndUntagQueue_O7(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	if got := must(b, b.s.ListQueueTags, QueueInput{url}).Tags; len(got) != 0 {
		t.Errorf("fresh: %v", got)
	}
	mustRun(b, b.s.TagQueue, TagQueueInput{url, map[string]string{
		"a":     "1",
		"A":     "2",
		"empty": "",
	}})
	mustRun(b, b.s.TagQueue, TagQueueInput{url, map[string]string{"a": "3"}})
	mustRun(b, b.s.UntagQueue, UntagQueueInput{url, []string{"A", "unknown"}})
	if got := must(b, b.s.ListQueueTags, QueueInput{url}).Tags; !maps.Equal(got, map[string]string{"a": "3", "empty": ""}) {
		t.Errorf("tags %v", got)
	}
	for _, k := range []string{"", strings.Repeat("k", 129)} {
		t.Run(fmt.Sprintf("%d characters", len(k)), func(t *testing.T) {
			b := b.with(t)
			err := run(b, b.s.TagQueue, TagQueueInput{url, map[string]string{k: "v"}})
			invalidValue(t, err, "Tag keys must be between 1 and 128 characters in length.")
		})
	}
	if err := run(b, b.s.TagQueue, TagQueueInput{url, map[string]string{"k": strings.Repeat("v", 257)}}); err == nil {
		t.Error("a value of 257 characters was accepted")
	}
}
