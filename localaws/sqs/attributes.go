package sqs

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// setting is a queue attribute that can be set.
type attributeSpec struct {
	name string
	fifo bool // of FIFO queues only
	// get is the value as it reads back; empty when the attribute is absent.
	get func(s *queueAttributes) string
	// set takes a value over. It answers false for one out of range.
	set func(s *queueAttributes, value string) bool
}

// settable is every attribute that can be set, in the order of answers (SQS A20),
// but for FifoQueue and the three of policies, which have rules of their own.
var settableAttributes = []attributeSpec{
	secondsAttribute("VisibilityTimeout", 0, 43200, func(s *queueAttributes) *time.Duration { return &s.visibilityTimeout }),
	{
		name: "MaximumMessageSize",
		get:  func(s *queueAttributes) string { return strconv.Itoa(s.maxMessageSize) },
		set: func(s *queueAttributes, v string) bool {
			return parseInt(&s.maxMessageSize, v, 1024, 1<<20)
		},
	},
	secondsAttribute("MessageRetentionPeriod", 60, 1209600, func(s *queueAttributes) *time.Duration { return &s.retention }),
	secondsAttribute("DelaySeconds", 0, 900, func(s *queueAttributes) *time.Duration { return &s.delay }),
	secondsAttribute("ReceiveMessageWaitTimeSeconds", 0, 20, func(s *queueAttributes) *time.Duration { return &s.receiveWait }),
	{
		name: "KmsMasterKeyId",
		get:  func(s *queueAttributes) string { return s.kmsKeyID },
		set: func(s *queueAttributes, v string) bool {
			s.kmsKeyID = v
			if v != "" {
				s.managedSSE = false
			}
			return true
		},
	},
	{
		name: "KmsDataKeyReusePeriodSeconds",
		get:  kmsReuseValue,
		set:  setKMSReuse,
	},
	boolAttribute("SqsManagedSseEnabled", false, func(s *queueAttributes) *bool { return &s.managedSSE }),
	boolAttribute("ContentBasedDeduplication", true, func(s *queueAttributes) *bool { return &s.contentDedup }),
	enumAttribute("DeduplicationScope", "queue", "messageGroup", func(s *queueAttributes) *bool { return &s.dedupPerGroup }),
	enumAttribute("FifoThroughputLimit", "perQueue", "perMessageGroupId", func(s *queueAttributes) *bool { return &s.throughputPerGroup }),
}

// readOnly are the attributes that the queue itself gives.
var readOnlyAttributes = []string{
	"QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
	"CreatedTimestamp", "LastModifiedTimestamp",
}

// period is an attribute in whole seconds.
func secondsAttribute(name string, least, most int, field func(*queueAttributes) *time.Duration) attributeSpec {
	return attributeSpec{
		name: name,
		get:  func(s *queueAttributes) string { return strconv.Itoa(int(*field(s) / time.Second)) },
		set: func(s *queueAttributes, v string) bool {
			var n int
			if !parseInt(&n, v, least, most) {
				return false
			}
			*field(s) = seconds(n)
			return true
		},
	}
}

// toggle is an attribute that is true or false (SQS E9).
func boolAttribute(name string, fifo bool, field func(*queueAttributes) *bool) attributeSpec {
	return attributeSpec{
		name: name,
		fifo: fifo,
		get:  func(s *queueAttributes) string { return strconv.FormatBool(*field(s)) },
		set:  func(s *queueAttributes, v string) bool { return parseBool(field(s), v) },
	}
}

// choice is an attribute of FIFO queues with two values.
func enumAttribute(name, no, yes string, field func(*queueAttributes) *bool) attributeSpec {
	return attributeSpec{
		name: name,
		fifo: true,
		get: func(s *queueAttributes) string {
			if *field(s) {
				return yes
			}
			return no
		},
		set: func(s *queueAttributes, v string) bool {
			*field(s) = v == yes
			return v == yes || v == no
		},
	}
}

// kmsReuse is absent at its default (SQS E10).
func kmsReuseValue(s *queueAttributes) string {
	if s.kmsReuseSeconds == 0 {
		return ""
	}
	return strconv.Itoa(s.kmsReuseSeconds)
}

func setKMSReuse(s *queueAttributes, v string) bool {
	if !parseInt(&s.kmsReuseSeconds, v, 60, 86400) {
		return false
	}
	if s.kmsReuseSeconds == 300 {
		s.kmsReuseSeconds = 0
	}
	return true
}

// readInt reads digits alone (SQS E6).
func parseInt(into *int, v string, least, most int) bool {
	if v == "" || len(v) > 9 || strings.ContainsFunc(v, func(r rune) bool { return r < '0' || r > '9' }) {
		return false
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		return false
	}
	*into = n
	return true
}

// readBool reads true or false, in any case (SQS E9).
func parseBool(into *bool, v string) bool {
	*into = strings.EqualFold(v, "true")
	return *into || strings.EqualFold(v, "false")
}

// attributeNames are all names there are, but for All.
func attributeNames() []string {
	names := slices.Concat(readOnlyAttributes, []string{"FifoQueue", "Policy", "RedrivePolicy", "RedriveAllowPolicy"})
	for i := range settableAttributes {
		names = append(names, settableAttributes[i].name)
	}
	return names
}

// unknownAttribute refuses a name (SQS E4, E5).
func unknownAttribute(name string) *awsapi.Error {
	return errAttributeName.With("Unknown Attribute %s.", name)
}

// badValue refuses an attribute's value (SQS E6).
func invalidAttributeValue(name string) *awsapi.Error {
	return errAttributeValue.With("Invalid value for the parameter %s.", name)
}

// checkNames refuses the first name, in order of the alphabet, that cannot be set
// on a queue of this type (SQS D5, E4, E5).
func checkAttributeNames(attrs map[string]string, fifo bool) error {
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if slices.Contains(readOnlyAttributes, name) || !slices.Contains(attributeNames(), name) {
			return unknownAttribute(name)
		}
		if fifo {
			continue
		}
		switch name {
		case "FifoQueue", "ContentBasedDeduplication":
			return unknownAttribute(name)
		case "DeduplicationScope", "FifoThroughputLimit":
			return errAttributeName.With("You can specify the %s only when FifoQueue is set to true.", name)
		}
	}
	return nil
}

// change answers what the settings become with attrs set: all of them or none
// (SQS E8).
func (s queueAttributes) with(attrs map[string]string, fifo bool) (queueAttributes, error) {
	if err := checkAttributeNames(attrs, fifo); err != nil {
		return s, err
	}
	if attrs["KmsMasterKeyId"] != "" && strings.EqualFold(attrs["SqsManagedSseEnabled"], "true") {
		return s, errAttributeName.With("You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	for i := range settableAttributes {
		if v, given := attrs[settableAttributes[i].name]; given && !settableAttributes[i].set(&s, v) {
			return s, invalidAttributeValue(settableAttributes[i].name)
		}
	}
	if s.managedSSE {
		s.kmsKeyID = ""
	}
	if s.throughputPerGroup && !s.dedupPerGroup {
		return s, errParameterValue.With("The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.")
	}
	return s, s.setPolicies(attrs)
}

// values are the settings as they read back, absent ones left out (SQS E2).
func (s *queueAttributes) values(fifo bool) map[string]string {
	all := make(map[string]string, len(settableAttributes)+8)
	for i := range settableAttributes {
		if settableAttributes[i].fifo && !fifo {
			continue
		}
		all[settableAttributes[i].name] = settableAttributes[i].get(s)
	}
	if fifo {
		all["FifoQueue"] = "true"
	}
	all["Policy"] = s.policy
	if s.redrive != nil {
		all["RedrivePolicy"] = s.redrive.String()
	}
	if s.redriveAllow != nil {
		all["RedriveAllowPolicy"] = s.redriveAllow.String()
	}
	maps.DeleteFunc(all, func(_, v string) bool { return v == "" })
	return all
}
