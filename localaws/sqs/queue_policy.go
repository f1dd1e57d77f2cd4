package sqs

import (
	"encoding/json"
)

// The limits of a queue's policy (SQS O4).
const (
	maxPolicyBytes      = 8192
	maxPolicyStatements = 20
)

// checkPolicy refuses a Policy that is no policy document (SQS E13). An empty one
// removes the attribute.
func checkPolicy(text string) error {
	if text == "" {
		return nil
	}
	if len(text) > maxPolicyBytes {
		return errOverLimit.With("The policy is longer than %d bytes.", maxPolicyBytes)
	}
	doc, err := parsePolicy(text)
	if err != nil {
		return badValue("Policy")
	}
	if len(doc.Statement) > maxPolicyStatements {
		return errOverLimit.With("The policy has more than %d statements.", maxPolicyStatements)
	}
	return nil
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
