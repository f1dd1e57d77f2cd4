package sqs

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// AddPermissionInput is the input of AddPermission.
type AddPermissionInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Label names the permission.
	Label string `json:"Label,omitempty"`
	// AWSAccountIDs are the accounts that get it.
	AWSAccountIDs []string `json:"AWSAccountIds,omitempty" query:"AWSAccountId"`
	// Actions are what they may do, such as SendMessage, or *.
	Actions []string `json:"Actions,omitempty" query:"ActionName"`
}

// RemovePermissionInput is the input of RemovePermission.
type RemovePermissionInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Label names the permission.
	Label string `json:"Label,omitempty"`
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// Actions as AddPermission knows them: those that can be given away, and those
// that are the owner's alone (SQS O3).
var (
	sharedActions = []string{"*", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes",
		"GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue", "StartMessageMoveTask", "CancelMessageMoveTask", "ListMessageMoveTasks"}
	ownerActions = []string{"CreateQueue", "DeleteQueue", "ListQueues", "SetQueueAttributes", "AddPermission", "RemovePermission"}
)

// permission is a statement as AddPermission writes it: one of a kind stands
// without a list (SQS O1).
type permission struct {
	Sid       string
	Effect    string
	Principal struct{ AWS stringOrStrings }
	Action    stringOrStrings
	Resource  string
}

type stringOrStrings []string

// MarshalJSON writes a single string without a list.
func (o stringOrStrings) MarshalJSON() ([]byte, error) {
	if len(o) == 1 {
		return json.Marshal(o[0])
	}
	return json.Marshal([]string(o))
}

// AddPermission adds a statement to the queue's policy (SQS O1-O3).
func (s *Service) AddPermission(_ context.Context, c *awsapi.Call, in *AddPermissionInput) (*awsapi.None, error) {
	q, err := s.ownedQueue(c, in.QueueURL, "AddPermission")
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	return s.changePolicy(c, q, func(doc *policyDocument) error {
		if _, some := doc.findLabel(in.Label); some {
			return invalidParameter(in.Label, "Label", "Already exists.")
		}
		statement, err := json.Marshal(in.permission(q.arn))
		doc.Statement = append(doc.Statement, statement)
		return err
	})
}

// RemovePermission removes a statement from the queue's policy.
func (s *Service) RemovePermission(_ context.Context, c *awsapi.Call, in *RemovePermissionInput) (*awsapi.None, error) {
	q, err := s.ownedQueue(c, in.QueueURL, "RemovePermission")
	if err != nil {
		return nil, err
	}
	if in.Label == "" {
		return nil, missingParameter("Label")
	}
	return s.changePolicy(c, q, func(doc *policyDocument) error {
		i, some := doc.findLabel(in.Label)
		if !some {
			return invalidParameter(in.Label, "Label", "can't find label.")
		}
		doc.Statement = slices.Delete(doc.Statement, i, i+1)
		return nil
	})
}

// check refuses parameters out of range (SQS O3, O4).
func (in *AddPermissionInput) check() error {
	switch {
	case in.Label == "":
		return missingParameter("Label")
	case !isIdentifier(in.Label):
		return invalidParameter(in.Label, "Label", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
	case len(in.AWSAccountIDs) == 0:
		return missingParameter("PrincipalId")
	case len(in.Actions) == 0:
		return missingParameter("Actions")
	case len(in.Actions) > maxPolicyActions:
		return errOverLimit.With("%d Actions were found, maximum allowed is %d.", len(in.Actions), maxPolicyActions)
	}
	for _, a := range in.Actions {
		if slices.Contains(ownerActions, a) {
			return invalidParameter("SQS:"+a, "ActionName", "Only the queue owner is allowed to invoke this action.")
		}
		if !slices.Contains(sharedActions, a) {
			return invalidParameter("SQS:"+a, "ActionName", "Please refer to the appropriate WSDL for a list of valid actions. ")
		}
	}
	for _, id := range in.AWSAccountIDs {
		if !accountID.MatchString(id) {
			return invalidParameter("["+id+"]", "PrincipalId", "Unable to verify.")
		}
	}
	return nil
}

func (in *AddPermissionInput) permission(arn string) permission {
	p := permission{
		Sid:      in.Label,
		Effect:   "Allow",
		Resource: arn,
	}
	for _, id := range in.AWSAccountIDs {
		p.Principal.AWS = append(p.Principal.AWS, "arn:aws:iam::"+id+":root")
	}
	for _, a := range in.Actions {
		p.Action = append(p.Action, "SQS:"+a)
	}
	return p
}

// find answers where the statement with a label is.
func (doc *policyDocument) findLabel(label string) (int, bool) {
	for i, raw := range doc.Statement {
		var s struct{ Sid string }
		if json.Unmarshal(raw, &s) == nil && s.Sid == label {
			return i, true
		}
	}
	return 0, false
}

// changePolicy changes a queue's policy, making one where there is none and
// removing one without statements.
func (s *Service) changePolicy(c *awsapi.Call, q *queue, change func(*policyDocument) error) (*awsapi.None, error) {
	return s.updateAttributes(c, q, func() (queueAttributes, error) {
		set := *q.attributes.Load()
		err := set.editPolicy(q.arn, change)
		return set, err
	})
}

// edit changes the statements of the policy of the queue with an ARN.
func (s *queueAttributes) editPolicy(arn string, change func(*policyDocument) error) error {
	doc := policyDocument{Version: "2008-10-17", ID: arn + "/SQSDefaultPolicy"}
	if s.policy != "" {
		var err error
		if doc, err = parsePolicy(s.policy); err != nil {
			return invalidAttributeValue("Policy")
		}
	}
	if err := change(&doc); err != nil {
		return err
	}
	s.policy = ""
	if len(doc.Statement) > 0 {
		text, err := json.Marshal(doc)
		if err != nil {
			return invalidAttributeValue("Policy")
		}
		s.policy = string(text)
	}
	return checkPolicy(s.policy)
}
