package sqs

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/policy"
)

// The limits of a queue's policy (SQS O4).
const (
	maxPolicyBytes      = 8192
	maxPolicyStatements = 20
	maxPolicyPrincipals = 50
	maxPolicyConditions = 10
	maxPolicyActions    = 7 // of one statement
)

// queueActions are the actions that IAM knows of SQS. Those of batches are not
// among them: a batch needs the action of a single message (SQS O4, O6).
var queueActions = slices.Concat(sharedActions[1:], ownerActions, []string{"ListQueueTags", "TagQueue", "UntagQueue"})

// isQueueAction reports whether a is an action of SQS, or a pattern that matches
// one (IAM A4).
func isQueueAction(a string) bool {
	if a == "*" {
		return true
	}
	vendor, name, _ := strings.Cut(a, ":")
	if !strings.EqualFold(vendor, "sqs") {
		return false
	}
	return slices.ContainsFunc(queueActions, func(known string) bool { return policy.MatchAction(name, known) })
}

// bindPolicy puts unique ids in place of the principals of a policy that attrs
// set, and refuses one that names nobody (IAM A1, SQS E13).
func (s *Service) bindPolicyPrincipals(set *queueAttributes, attrs map[string]string) error {
	if attrs["Policy"] == "" {
		return nil
	}
	bound, err := s.principals.Bind(set.policy)
	if err != nil {
		return invalidAttributeValue("Policy")
	}
	set.policy = bound
	return nil
}

// checkPolicy refuses a Policy that is no policy document (SQS E13) or is out of
// bounds (SQS O4). An empty one removes the attribute.
func checkPolicy(text string) error {
	if text == "" {
		return nil
	}
	if len(text) > maxPolicyBytes {
		return errOverLimit.With("The policy is longer than %d bytes.", maxPolicyBytes)
	}
	if _, err := policy.Parse(text, policy.Resource); err != nil {
		return invalidAttributeValue("Policy")
	}
	doc, err := parsePolicy(text)
	if err != nil {
		return invalidAttributeValue("Policy")
	}
	if len(doc.Statement) > maxPolicyStatements {
		return errOverLimit.With("The policy has more than %d statements.", maxPolicyStatements)
	}
	for _, raw := range doc.Statement {
		if err := checkStatement(raw); err != nil {
			return err
		}
	}
	return nil
}

// checkStatement holds a statement's lists against their limits.
func checkStatement(raw json.RawMessage) error {
	var s struct {
		Action    stringOrList
		NotAction stringOrList
		Principal json.RawMessage
		Condition map[string]json.RawMessage
	}
	if json.Unmarshal(raw, &s) != nil {
		return invalidAttributeValue("Policy")
	}
	for _, a := range slices.Concat(s.Action, s.NotAction) {
		if !isQueueAction(a) {
			return invalidAttributeValue("Policy")
		}
	}
	var principals map[string]stringOrList // or "*", which is one
	n := 0
	if json.Unmarshal(s.Principal, &principals) == nil {
		for _, list := range principals {
			n += len(list)
		}
	}
	switch {
	case len(s.Action) > maxPolicyActions:
		return errOverLimit.With("%d Actions were found, maximum allowed is %d.", len(s.Action), maxPolicyActions)
	case n > maxPolicyPrincipals:
		return errOverLimit.With("%d principals were found, maximum allowed is %d.", n, maxPolicyPrincipals)
	case len(s.Condition) > maxPolicyConditions:
		return errOverLimit.With("%d conditions were found, maximum allowed is %d.", len(s.Condition), maxPolicyConditions)
	}
	return nil
}

// anyOf is one string, or a list of them.
type stringOrList []string

// UnmarshalJSON reads either form.
func (a *stringOrList) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = stringOrList{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// policyDocument is a policy as far as permissions change it; statements stay as
// they are.
type policyDocument struct {
	Version   string            `json:"Version,omitempty"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

// parsePolicy reads a policy. One statement may stand without a list.
func parsePolicy(text string) (policyDocument, error) {
	var doc struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return policyDocument{}, err
	}
	out := policyDocument{Version: doc.Version, ID: doc.ID}
	if len(doc.Statement) > 0 && doc.Statement[0] == '{' {
		out.Statement = []json.RawMessage{doc.Statement}
		return out, nil
	}
	err := json.Unmarshal(doc.Statement, &out.Statement)
	return out, err
}
