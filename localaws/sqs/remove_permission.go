package sqs

import (
	"context"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// RemovePermissionInput is the input of RemovePermission.
type RemovePermissionInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Label identifies the permission.
	Label string `json:"Label,omitempty"`
}

// RemovePermission removes a statement from the queue's policy.
func (s *Service) RemovePermission(_ context.Context, c *awsapi.Call, in *RemovePermissionInput) error {
	q, err := s.ownedQueue(c, in.QueueURL, "RemovePermission")
	if err != nil {
		return err
	}
	if in.Label == "" {
		return missingParameter("Label")
	}

	return s.updatePolicy(c, q, func(doc *policyDocument) error {
		i := doc.indexOfLabel(in.Label)
		if i < 0 {
			return invalidParameter(in.Label, "Label", "can't find label.")
		}
		doc.Statement = slices.Delete(doc.Statement, i, i+1)
		return nil
	})
}
