package sqs

import (
	"strconv"
	"strings"
	"time"
)

// queueAttributes are the attributes that CreateQueue and SetQueueAttributes set. The
// value that a queue holds is replaced, never changed.
type queueAttributes struct {
	visibilityTimeout time.Duration
	delay             time.Duration
	retention         time.Duration
	receiveWait       time.Duration // ReceiveMessageWaitTimeSeconds
	maxMessageSize    int           // bytes

	policy       string // JSON, or ""; principals are stored as unique ids
	redrive      *redrivePolicy
	redriveAllow *redriveAllowPolicy

	managedSSE      bool   // SqsManagedSseEnabled
	kmsKeyID        string // KmsMasterKeyId, or ""
	kmsReuseSeconds int    // KmsDataKeyReusePeriodSeconds; 0 means the default of 300 (SQS E10)

	contentDedup       bool // ContentBasedDeduplication
	dedupPerGroup      bool // DeduplicationScope is messageGroup
	throughputPerGroup bool // FifoThroughputLimit is perMessageGroupId
}

// defaultAttributes returns the attributes of a queue created without any (SQS E1).
func defaultAttributes() queueAttributes {
	return queueAttributes{
		visibilityTimeout: 30 * time.Second,
		retention:         4 * 24 * time.Hour,
		maxMessageSize:    1 << 20,
		managedSSE:        true,
	}
}

// attributeSpec describes a queue attribute that can be set.
type attributeSpec struct {
	name     string
	fifoOnly bool
	// get returns the value as GetQueueAttributes reports it; "" if it has none.
	get func(a *queueAttributes) string
	// set sets the value and reports whether it is valid.
	set func(a *queueAttributes, value string) bool
}

// attributeSpecs are the attributes that can be set, in the order in which AWS
// reports them (SQS A20). FifoQueue and the three policies have rules of their own
// and are not in it.
var attributeSpecs = []attributeSpec{
	secondsAttribute("VisibilityTimeout", 0, 43200, func(a *queueAttributes) *time.Duration { return &a.visibilityTimeout }),
	{
		name: "MaximumMessageSize",
		get:  func(a *queueAttributes) string { return strconv.Itoa(a.maxMessageSize) },
		set:  func(a *queueAttributes, v string) bool { return parseInt(&a.maxMessageSize, v, 1024, 1<<20) },
	},
	secondsAttribute("MessageRetentionPeriod", 60, 1209600, func(a *queueAttributes) *time.Duration { return &a.retention }),
	secondsAttribute("DelaySeconds", 0, 900, func(a *queueAttributes) *time.Duration { return &a.delay }),
	secondsAttribute("ReceiveMessageWaitTimeSeconds", 0, 20, func(a *queueAttributes) *time.Duration { return &a.receiveWait }),
	{
		name: "KmsMasterKeyId",
		get:  func(a *queueAttributes) string { return a.kmsKeyID },
		set:  setKMSKey,
	},
	{
		name: "KmsDataKeyReusePeriodSeconds",
		get:  kmsReuse,
		set:  setKMSReuse,
	},
	boolAttribute("SqsManagedSseEnabled", false, func(a *queueAttributes) *bool { return &a.managedSSE }),
	boolAttribute("ContentBasedDeduplication", true, func(a *queueAttributes) *bool { return &a.contentDedup }),
	fifoEnumAttribute("DeduplicationScope", "queue", "messageGroup", func(a *queueAttributes) *bool { return &a.dedupPerGroup }),
	fifoEnumAttribute("FifoThroughputLimit", "perQueue", "perMessageGroupId", func(a *queueAttributes) *bool { return &a.throughputPerGroup }),
}

// readOnlyAttributes are the attributes that the service computes.
var readOnlyAttributes = []string{
	"QueueArn",
	"ApproximateNumberOfMessages",
	"ApproximateNumberOfMessagesNotVisible",
	"ApproximateNumberOfMessagesDelayed",
	"CreatedTimestamp",
	"LastModifiedTimestamp",
}

// secondsAttribute describes an attribute in whole seconds.
func secondsAttribute(name string, least, most int, field func(*queueAttributes) *time.Duration) attributeSpec {
	return attributeSpec{
		name: name,
		get:  func(a *queueAttributes) string { return strconv.Itoa(int(*field(a) / time.Second)) },
		set: func(a *queueAttributes, v string) bool {
			var n int
			if !parseInt(&n, v, least, most) {
				return false
			}
			*field(a) = seconds(n)
			return true
		},
	}
}

// boolAttribute describes an attribute that is true or false (SQS E9).
func boolAttribute(name string, fifoOnly bool, field func(*queueAttributes) *bool) attributeSpec {
	return attributeSpec{
		name:     name,
		fifoOnly: fifoOnly,
		get:      func(a *queueAttributes) string { return strconv.FormatBool(*field(a)) },
		set:      func(a *queueAttributes, v string) bool { return parseBool(field(a), v) },
	}
}

// fifoEnumAttribute describes an attribute of FIFO queues with two values, stored as
// false and true.
func fifoEnumAttribute(name, valueFalse, valueTrue string, field func(*queueAttributes) *bool) attributeSpec {
	return attributeSpec{
		name:     name,
		fifoOnly: true,
		get: func(a *queueAttributes) string {
			if *field(a) {
				return valueTrue
			}
			return valueFalse
		},
		set: func(a *queueAttributes, v string) bool {
			*field(a) = v == valueTrue
			return v == valueTrue || v == valueFalse
		},
	}
}

// setKMSKey sets the key and turns off encryption with SQS's own keys.
func setKMSKey(a *queueAttributes, v string) bool {
	a.kmsKeyID = v
	if v != "" {
		a.managedSSE = false
	}
	return true
}

// kmsReuse returns "" at the default, which AWS does not report (SQS E10).
func kmsReuse(a *queueAttributes) string {
	if a.kmsReuseSeconds == 0 {
		return ""
	}
	return strconv.Itoa(a.kmsReuseSeconds)
}

func setKMSReuse(a *queueAttributes, v string) bool {
	if !parseInt(&a.kmsReuseSeconds, v, 60, 86400) {
		return false
	}
	if a.kmsReuseSeconds == 300 {
		a.kmsReuseSeconds = 0
	}
	return true
}

// parseInt parses decimal digits without a sign (SQS E6) into a range, and reports
// whether v is valid.
func parseInt(into *int, v string, least, most int) bool {
	const maxDigits = 9 // fits into an int on every platform
	notDigit := func(r rune) bool { return r < '0' || r > '9' }
	if v == "" || len(v) > maxDigits || strings.ContainsFunc(v, notDigit) {
		return false
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		return false
	}
	*into = n
	return true
}

// parseBool parses true or false in any case (SQS E9), and reports whether v is
// valid.
func parseBool(into *bool, v string) bool {
	*into = strings.EqualFold(v, "true")
	return *into || strings.EqualFold(v, "false")
}
