package lambda

import (
	"context"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// RemovePermissionInput is the input of RemovePermission.
type RemovePermissionInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// StatementID is the statement's id.
	StatementID string `json:"-" path:"StatementId"`
	// Qualifier is a version or an alias; empty means the function itself.
	Qualifier string `json:"-" querystring:"Qualifier"`
	// RevisionID is the revision that the change expects, or empty (LAM C26).
	RevisionID string `json:"-" querystring:"RevisionId"`
}

// RemovePermission removes a statement from a resource policy (LAM C30).
func (s *Service) RemovePermission(_ context.Context, c *awsapi.Call, in *RemovePermissionInput) error {
	err := s.changePolicy(c, in.FunctionName, in.Qualifier, in.RevisionID, func(_ *function, _ reference, p *policy) error {
		if len(p.Statements) == 0 {
			return errNotFound.With("No policy is associated with the given resource.")
		}

		// The stored policy must not change if the request is refused.
		n := len(p.Statements)
		p.Statements = slices.DeleteFunc(slices.Clone(p.Statements), func(st statement) bool { return st.Sid == in.StatementID })
		if len(p.Statements) == n {
			return errNotFound.With("Statement %s is not found in resource policy.", in.StatementID)
		}

		return nil
	})
	if err != nil {
		return err
	}

	return nil
}
