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
type setting struct {
	name string
	fifo bool // of FIFO queues only
	// get is the value as it reads back; empty when the attribute is absent.
	get func(s *settings) string
	// set takes a value over. It answers false for one out of range.
	set func(s *settings, value string) bool
}

// settable is every attribute that can be set, in the order of answers (SQS A20),
// but for FifoQueue and the three of policies, which have rules of their own.
var settable = []setting{
	period("VisibilityTimeout", 0, 43200, func(s *settings) *time.Duration { return &s.visibility }),
	{name: "MaximumMessageSize", get: func(s *settings) string { return strconv.Itoa(s.maxSize) }, set: func(s *settings, v string) bool {
		return readInt(&s.maxSize, v, 1024, 1<<20)
	}},
	period("MessageRetentionPeriod", 60, 1209600, func(s *settings) *time.Duration { return &s.retention }),
	period("DelaySeconds", 0, 900, func(s *settings) *time.Duration { return &s.delay }),
	period("ReceiveMessageWaitTimeSeconds", 0, 20, func(s *settings) *time.Duration { return &s.wait }),
	{name: "KmsMasterKeyId", get: func(s *settings) string { return s.kmsKey }, set: func(s *settings, v string) bool {
		s.kmsKey = v
		if v != "" {
			s.sse = false
		}
		return true
	}},
	{name: "KmsDataKeyReusePeriodSeconds", get: kmsReuse, set: setKMSReuse},
	toggle("SqsManagedSseEnabled", false, func(s *settings) *bool { return &s.sse }),
	toggle("ContentBasedDeduplication", true, func(s *settings) *bool { return &s.contentDedup }),
	choice("DeduplicationScope", "queue", "messageGroup", func(s *settings) *bool { return &s.scopeGroup }),
	choice("FifoThroughputLimit", "perQueue", "perMessageGroupId", func(s *settings) *bool { return &s.throughGroups }),
}

// readOnly are the attributes that the queue itself gives.
var readOnly = []string{
	"QueueArn", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
	"CreatedTimestamp", "LastModifiedTimestamp",
}

// period is an attribute in whole seconds.
func period(name string, least, most int, field func(*settings) *time.Duration) setting {
	return setting{
		name: name,
		get:  func(s *settings) string { return strconv.Itoa(int(*field(s) / time.Second)) },
		set: func(s *settings, v string) bool {
			var n int
			if !readInt(&n, v, least, most) {
				return false
			}
			*field(s) = seconds(n)
			return true
		},
	}
}

// toggle is an attribute that is true or false (SQS E9).
func toggle(name string, fifo bool, field func(*settings) *bool) setting {
	return setting{
		name: name,
		fifo: fifo,
		get:  func(s *settings) string { return strconv.FormatBool(*field(s)) },
		set:  func(s *settings, v string) bool { return readBool(field(s), v) },
	}
}

// choice is an attribute of FIFO queues with two values.
func choice(name, no, yes string, field func(*settings) *bool) setting {
	return setting{
		name: name,
		fifo: true,
		get: func(s *settings) string {
			if *field(s) {
				return yes
			}
			return no
		},
		set: func(s *settings, v string) bool {
			*field(s) = v == yes
			return v == yes || v == no
		},
	}
}

// kmsReuse is absent at its default (SQS E10).
func kmsReuse(s *settings) string {
	if s.kmsReuse == 0 {
		return ""
	}
	return strconv.Itoa(s.kmsReuse)
}

func setKMSReuse(s *settings, v string) bool {
	if !readInt(&s.kmsReuse, v, 60, 86400) {
		return false
	}
	if s.kmsReuse == 300 {
		s.kmsReuse = 0
	}
	return true
}

// readInt reads digits alone (SQS E6).
func readInt(into *int, v string, least, most int) bool {
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
func readBool(into *bool, v string) bool {
	*into = strings.EqualFold(v, "true")
	return *into || strings.EqualFold(v, "false")
}

// attributeNames are all names there are, but for All.
func attributeNames() []string {
	names := slices.Concat(readOnly, []string{"FifoQueue", "Policy", "RedrivePolicy", "RedriveAllowPolicy"})
	for i := range settable {
		names = append(names, settable[i].name)
	}
	return names
}

// unknownAttribute refuses a name (SQS E4, E5).
func unknownAttribute(name string) *awsapi.Error {
	return errAttributeName.With("Unknown Attribute %s.", name)
}

// badValue refuses an attribute's value (SQS E6).
func badValue(name string) *awsapi.Error {
	return errAttributeValue.With("Invalid value for the parameter %s.", name)
}

// checkNames refuses the first name, in order of the alphabet, that cannot be set
// on a queue of this type (SQS D5, E4, E5).
func checkNames(attrs map[string]string, fifo bool) error {
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if slices.Contains(readOnly, name) || !slices.Contains(attributeNames(), name) {
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
func (s settings) change(attrs map[string]string, fifo bool) (settings, error) {
	if err := checkNames(attrs, fifo); err != nil {
		return s, err
	}
	if attrs["KmsMasterKeyId"] != "" && strings.EqualFold(attrs["SqsManagedSseEnabled"], "true") {
		return s, errAttributeName.With("You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	for i := range settable {
		if v, given := attrs[settable[i].name]; given && !settable[i].set(&s, v) {
			return s, badValue(settable[i].name)
		}
	}
	if s.sse {
		s.kmsKey = ""
	}
	if s.throughGroups && !s.scopeGroup {
		return s, errParameterValue.With("The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.")
	}
	return s, s.changePolicies(attrs)
}

// values are the settings as they read back, absent ones left out (SQS E2).
func (s *settings) values(fifo bool) map[string]string {
	all := make(map[string]string, len(settable)+8)
	for i := range settable {
		if settable[i].fifo && !fifo {
			continue
		}
		all[settable[i].name] = settable[i].get(s)
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
