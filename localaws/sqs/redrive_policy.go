package sqs

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// redrivePolicy is a queue's RedrivePolicy: its dead-letter queue, and the number of
// receives before a message moves there.
type redrivePolicy struct {
	target          string // ARN of the dead-letter queue
	maxReceiveCount int
}

// String returns the policy as GetQueueAttributes reports it: the count is a number
// (SQS E14).
func (r *redrivePolicy) String() string {
	return `{"deadLetterTargetArn":` + quoteJSON(r.target) + `,"maxReceiveCount":` + strconv.Itoa(r.maxReceiveCount) + `}`
}

// parseRedrivePolicy parses a RedrivePolicy (SQS L13).
func parseRedrivePolicy(text string) (*redrivePolicy, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil || members == nil {
		return nil, errAttributeValue.With("Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.")
	}

	// Which members there are.
	refuse := func(reason string) error { return invalidParameter(text, "RedrivePolicy", reason) }
	for _, name := range []string{"maxReceiveCount", "deadLetterTargetArn"} {
		if v, ok := members[name]; !ok || string(v) == "null" {
			return nil, refuse("Redrive policy does not contain mandatory attribute: " + name + ".")
		}
	}
	if len(members) > 2 {
		return nil, refuse("Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].")
	}

	// Their values. The count may be a number or a string.
	count := string(members["maxReceiveCount"])
	if s, ok := parseJSONString(members["maxReceiveCount"]); ok {
		count = s
	}
	r := &redrivePolicy{}
	if !parseInt(&r.maxReceiveCount, count, 1, 1000) {
		return nil, refuse("Invalid value for maxReceiveCount: " + count + ", valid values are from 1 to 1000 both inclusive.")
	}
	target, ok := parseJSONString(members["deadLetterTargetArn"])
	if !ok {
		return nil, refuse("Dead-letter target ARN should be fully qualified ARN.")
	}
	r.target = target
	return r, nil
}

func parseJSONString(raw json.RawMessage) (string, bool) {
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// quoteJSON returns s as a JSON string.
func quoteJSON(s string) string {
	b, _ := json.Marshal(s) // a string has no marshal error
	return string(b)
}

// checkRedriveTarget validates the dead-letter queue of a RedrivePolicy of the queue
// k (SQS L13-L15). text is the policy as it was sent.
func (s *Service) checkRedriveTarget(k queueKey, fifo bool, r *redrivePolicy, text string) error {
	refuse := func(reason string) error { return invalidParameter(text, "RedrivePolicy", reason) }

	a, ok := awsapi.ParseARN(r.target)
	switch {
	case !ok:
		return refuse("Dead-letter target ARN should be fully qualified ARN.")
	case a.Service != "sqs":
		return refuse("Only SQS queues are valid resources for deadLetterTargetArn.")
	case a.Account != k.Account:
		return refuse("Dead-letter target owner should be same as the source.")
	case a.Region != k.Region:
		return refuse("Dead letter target does not exist.")
	}

	// The ARN is valid; the queue must exist and accept the source.
	target := queueKey{a.Scope(), a.Resource}
	if target == k {
		return nil // a queue may be its own dead-letter queue (SQS L11)
	}
	dlq := s.queues.find(target)
	switch {
	case dlq == nil:
		return refuse("Dead letter target does not exist.")
	case dlq.fifo != fifo:
		return refuse("Dead-letter queue must be same type of queue as the source..")
	case !dlq.attributes.Load().redriveAllow.allows(k.arn()):
		return refuse("Access denied by the redrive allow policy of the dead-letter queue.")
	}
	return nil
}

// redriveAllowPolicy is a queue's RedriveAllowPolicy: which queues may have it as
// their dead-letter queue. A nil policy allows all.
type redriveAllowPolicy struct {
	permission string // allowAll, denyAll or byQueue
	sources    []string
}

// allows reports whether the queue with an ARN may have this queue as its dead-letter
// queue (SQS L15).
func (r *redriveAllowPolicy) allows(arn string) bool {
	return r == nil || r.permission == "allowAll" || r.permission == "byQueue" && slices.Contains(r.sources, arn)
}

// String returns the policy as GetQueueAttributes reports it (SQS E14).
func (r *redriveAllowPolicy) String() string {
	if len(r.sources) == 0 {
		return `{"redrivePermission":"` + r.permission + `"}`
	}
	sources, _ := json.Marshal(r.sources) // a list of strings has no marshal error
	return `{"redrivePermission":"` + r.permission + `","sourceQueueArns":` + string(sources) + `}`
}

// parseRedriveAllowPolicy parses a RedriveAllowPolicy (SQS L16).
func parseRedriveAllowPolicy(text string) (*redriveAllowPolicy, error) {
	badFormat := errAttributeValue.With("Invalid value for the parameter RedriveAllowPolicy. " +
		"Reason: Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.")

	var in struct {
		Permission *string   `json:"redrivePermission"`
		Sources    *[]string `json:"sourceQueueArns"`
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil || dec.More() || in.Permission == nil {
		return nil, badFormat
	}

	// Sources are required with byQueue, and refused otherwise.
	r := &redriveAllowPolicy{permission: *in.Permission}
	if in.Sources != nil {
		r.sources = *in.Sources
	}
	refuse := func(reason string) error {
		return invalidParameter(text, "RedriveAllowPolicy", "Amazon SQS can't create the redrive allow policy. "+reason)
	}
	switch {
	case r.permission != "allowAll" && r.permission != "denyAll" && r.permission != "byQueue":
		return nil, badFormat
	case r.permission == "byQueue" && len(r.sources) == 0:
		return nil, refuse("When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.")
	case r.permission != "byQueue" && len(r.sources) > 0:
		return nil, refuse("To specify one or more source queue ARNs, you must set redrivePermission to byQueue.")
	case len(r.sources) > 10:
		return nil, refuse("The maximum number of source queue ARNs you can specify is 10.")
	}
	return r, nil
}
