package sts

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetCallerIdentityInput is the input of GetCallerIdentity.
type GetCallerIdentityInput struct{}

// GetCallerIdentityOutput is the output of GetCallerIdentity.
type GetCallerIdentityOutput struct {
	// UserID is the unique id: AIDA… of a user, AROA…:SESSION of a session.
	UserID string `json:"UserId"`
	// Account is the account id.
	Account string
	// ARN is the ARN of the user or session.
	ARN string `json:"Arn"`
}

// GetCallerIdentity returns the caller's account, id and ARN.
func (s *Service) GetCallerIdentity(_ context.Context, c *awsapi.Call, _ *GetCallerIdentityInput) (*GetCallerIdentityOutput, error) {
	// Every caller may know who it is: there is nothing to check or to look up.
	return &GetCallerIdentityOutput{
		UserID:  c.Caller.UserID,
		Account: c.Caller.Account,
		ARN:     c.Caller.ARN,
	}, nil
}
