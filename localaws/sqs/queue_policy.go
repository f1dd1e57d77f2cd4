package sqs

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
)

// The limits of a queue's policy (SQS O4).
const (
	maxPolicyBytes      = 8192
	maxPolicyStatements = 20
	maxPolicyPrincipals = 50 // of one statement
	maxPolicyConditions = 10 // of one statement
	maxPolicyActions    = 7  // of one statement
)

// queueActions are the SQS actions that IAM knows. The batch operations are not among
// them: a batch needs the action of a single message (SQS O4, O6).
var queueActions = slices.Concat(sharedActions[1:], ownerActions, []string{"ListQueueTags", "TagQueue", "UntagQueue"})

// isQueueAction reports whether a is an action of SQS, or a pattern that matches one
// (IAM A4).
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

// bindPolicyPrincipals replaces the principals of a new policy with their unique ids,
// and refuses a principal that does not exist (IAM A1, SQS E13).
func (s *Service) bindPolicyPrincipals(attrs *queueAttributes, values map[string]string) error {
	if values["Policy"] == "" {
		return nil
	}
	bound, err := s.principals.WithIDs(attrs.policy)
	if err != nil {
		return invalidAttributeValue("Policy")
	}
	attrs.policy = bound
	return nil
}

// checkPolicy validates a Policy (SQS E13) and its limits (SQS O4). An empty one
// removes the attribute.
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

	// The syntax is valid; check the limits of SQS.
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

// checkStatement validates the actions of a statement and the lengths of its lists.
func checkStatement(raw json.RawMessage) error {
	var statement struct {
		Action    stringOrList
		NotAction stringOrList
		Principal json.RawMessage
		Condition map[string]json.RawMessage
	}
	if json.Unmarshal(raw, &statement) != nil {
		return invalidAttributeValue("Policy")
	}
	for _, a := range slices.Concat(statement.Action, statement.NotAction) {
		if !isQueueAction(a) {
			return invalidAttributeValue("Policy")
		}
	}

	// A principal that is not a map is "*", which is below the limit.
	var principals map[string]stringOrList
	n := 0
	if json.Unmarshal(statement.Principal, &principals) == nil {
		for _, list := range principals {
			n += len(list)
		}
	}

	switch {
	case len(statement.Action) > maxPolicyActions:
		return errOverLimit.With("%d Actions were found, maximum allowed is %d.", len(statement.Action), maxPolicyActions)
	case n > maxPolicyPrincipals:
		return errOverLimit.With("%d principals were found, maximum allowed is %d.", n, maxPolicyPrincipals)
	case len(statement.Condition) > maxPolicyConditions:
		return errOverLimit.With("%d conditions were found, maximum allowed is %d.", len(statement.Condition), maxPolicyConditions)
	}
	return nil
}

// stringOrList is a JSON string, or a list of strings. A list of one is written as a
// string (SQS O1).
type stringOrList []string

// UnmarshalJSON reads either form.
func (l *stringOrList) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = stringOrList{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(l))
}

// MarshalJSON writes a list of one as a string.
func (l stringOrList) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return json.Marshal(l[0])
	}
	return json.Marshal([]string(l))
}

// policyDocument is the part of a policy that AddPermission and RemovePermission
// change. Statements stay as they are written.
type policyDocument struct {
	Version   string            `json:"Version,omitempty"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

// parsePolicy parses a policy, whose Statement may be one statement or a list.
func parsePolicy(text string) (policyDocument, error) {
	var doc struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return policyDocument{}, err
	}

	// A single statement may stand without a list.
	out := policyDocument{Version: doc.Version, ID: doc.ID}
	if len(doc.Statement) > 0 && doc.Statement[0] == '{' {
		out.Statement = []json.RawMessage{doc.Statement}
		return out, nil
	}
	err := json.Unmarshal(doc.Statement, &out.Statement)
	return out, err
}

// indexOfLabel returns the index of the statement with a label, or -1.
func (doc *policyDocument) indexOfLabel(label string) int {
	return slices.IndexFunc(doc.Statement, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == label
	})
}

// updatePolicy changes the statements of a queue's policy.
func (s *Service) updatePolicy(c *awsapi.Call, q *queue, change func(*policyDocument) error) error {
	return s.updateAttributes(c, q, func(attrs queueAttributes) (queueAttributes, error) {
		err := attrs.editPolicy(q.arn, change)
		return attrs, err
	})
}

// editPolicy changes the statements of the policy of the queue with an ARN. It
// creates a policy if there is none, and removes one without statements.
func (a *queueAttributes) editPolicy(arn string, change func(*policyDocument) error) error {
	doc := policyDocument{Version: "2008-10-17", ID: arn + "/SQSDefaultPolicy"}
	if a.policy != "" {
		var err error
		if doc, err = parsePolicy(a.policy); err != nil {
			return invalidAttributeValue("Policy")
		}
	}
	if err := change(&doc); err != nil {
		return err
	}

	// Without statements the attribute is removed.
	a.policy = ""
	if len(doc.Statement) > 0 {
		text, err := json.Marshal(doc)
		if err != nil {
			return invalidAttributeValue("Policy")
		}
		a.policy = string(text)
	}
	return checkPolicy(a.policy)
}
