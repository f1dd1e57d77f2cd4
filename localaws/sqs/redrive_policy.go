package sqs

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// redrivePolicy says when messages go to a dead-letter queue, and to which.
type redrivePolicy struct {
	target string // the dead-letter queue's ARN
	max    int    // maxReceiveCount
}

// String is the policy as it reads back: the count is a number (SQS E14).
func (r *redrivePolicy) String() string {
	target, _ := json.Marshal(r.target)
	return `{"deadLetterTargetArn":` + string(target) + `,"maxReceiveCount":` + strconv.Itoa(r.max) + `}`
}

// parseRedrivePolicy reads a RedrivePolicy, refusing it in AWS's words (SQS L13).
func parseRedrivePolicy(text string) (*redrivePolicy, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil || members == nil {
		return nil, errAttributeValue.With("Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.")
	}
	refuse := func(reason string) error { return invalidParameter(text, "RedrivePolicy", reason) }
	for _, name := range []string{"maxReceiveCount", "deadLetterTargetArn"} {
		if v, ok := members[name]; !ok || string(v) == "null" {
			return nil, refuse("Redrive policy does not contain mandatory attribute: " + name + ".")
		}
	}
	if len(members) > 2 {
		return nil, refuse("Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].")
	}
	count := string(members["maxReceiveCount"])
	if s, ok := jsonString(members["maxReceiveCount"]); ok {
		count = s
	}
	r := &redrivePolicy{}
	if !parseInt(&r.max, count, 1, 1000) {
		return nil, refuse("Invalid value for maxReceiveCount: " + count + ", valid values are from 1 to 1000 both inclusive.")
	}
	target, ok := jsonString(members["deadLetterTargetArn"])
	if !ok {
		return nil, refuse("Dead-letter target ARN should be fully qualified ARN.")
	}
	r.target = target
	return r, nil
}

func jsonString(raw json.RawMessage) (string, bool) {
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// checkTarget refuses a RedrivePolicy that the queue k may not have, given the
// text as it was sent (SQS L13-L15).
func (s *Service) checkRedriveTarget(k queueKey, fifo bool, r *redrivePolicy, text string) error {
	refuse := func(reason string) error { return invalidParameter(text, "RedrivePolicy", reason) }
	a, ok := awsapi.ParseARN(r.target)
	switch {
	case !ok:
		return refuse("Dead-letter target ARN should be fully qualified ARN.")
	case a.Service != "sqs":
		return refuse("Only SQS queues are valid resources for deadLetterTargetArn.")
	case a.Account != k.account:
		return refuse("Dead-letter target owner should be same as the source.")
	case a.Region != k.region:
		return refuse("Dead letter target does not exist.")
	}
	target := queueKey{a.Account, a.Region, a.Resource}
	if target == k {
		return nil // a queue may name itself (SQS L11)
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

// redriveAllowPolicy says which queues may name this one as their dead-letter
// queue. A nil one allows all.
type redriveAllowPolicy struct {
	permission string // allowAll, denyAll or byQueue
	sources    []string
}

// allows reports whether the queue with an ARN may redrive to here (SQS L15).
func (r *redriveAllowPolicy) allows(arn string) bool {
	return r == nil || r.permission == "allowAll" || r.permission == "byQueue" && slices.Contains(r.sources, arn)
}

// String is the policy as it reads back (SQS E14).
func (r *redriveAllowPolicy) String() string {
	if len(r.sources) == 0 {
		return `{"redrivePermission":"` + r.permission + `"}`
	}
	sources, _ := json.Marshal(r.sources)
	return `{"redrivePermission":"` + r.permission + `","sourceQueueArns":` + string(sources) + `}`
}

// parseRedriveAllowPolicy reads a RedriveAllowPolicy (SQS L16).
func parseRedriveAllowPolicy(text string) (*redriveAllowPolicy, error) {
	unreadable := errAttributeValue.With("Invalid value for the parameter RedriveAllowPolicy. " +
		"Reason: Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.")
	var in struct {
		Permission *string   `json:"redrivePermission"`
		Sources    *[]string `json:"sourceQueueArns"`
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil || dec.More() || in.Permission == nil {
		return nil, unreadable
	}
	r := &redriveAllowPolicy{permission: *in.Permission}
	if in.Sources != nil {
		r.sources = *in.Sources
	}
	refuse := func(reason string) error {
		return invalidParameter(text, "RedriveAllowPolicy", "Amazon SQS can't create the redrive allow policy. "+reason)
	}
	switch {
	case r.permission != "allowAll" && r.permission != "denyAll" && r.permission != "byQueue":
		return nil, unreadable
	case r.permission == "byQueue" && len(r.sources) == 0:
		return nil, refuse("When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.")
	case r.permission != "byQueue" && len(r.sources) > 0:
		return nil, refuse("To specify one or more source queue ARNs, you must set redrivePermission to byQueue.")
	case len(r.sources) > 10:
		return nil, refuse("The maximum number of source queue ARNs you can specify is 10.")
	}
	return r, nil
}

// changePolicies takes over the attributes that are JSON documents; an empty one
// removes the attribute (SQS E10).
func (s *queueAttributes) setPolicies(attrs map[string]string) (err error) {
	if text, given := attrs["Policy"]; given {
		if err := checkPolicy(text); err != nil {
			return err
		}
		s.policy = text
	}
	if text, given := attrs["RedrivePolicy"]; given {
		s.redrive = nil
		if text != "" {
			if s.redrive, err = parseRedrivePolicy(text); err != nil {
				return err
			}
		}
	}
	if text, given := attrs["RedriveAllowPolicy"]; given {
		s.redriveAllow = nil
		if text != "" {
			if s.redriveAllow, err = parseRedriveAllowPolicy(text); err != nil {
				return err
			}
		}
	}
	return nil
}
