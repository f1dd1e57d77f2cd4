package iam

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetUserInput is the input of GetUser.
type GetUserInput struct {
	// UserName is the user's name; empty means the user that calls.
	UserName string
}

// User is a user in a response.
type User struct {
	// Path is "/".
	Path string
	// UserName is the name.
	UserName string
	// UserID is the unique id, AIDA….
	UserID string `json:"UserId"`
	// ARN is the user's ARN.
	ARN string `json:"Arn"`
	// CreateDate is when the user was created.
	CreateDate awsapi.Timestamp
}

// GetUserOutput is the output of GetUser.
type GetUserOutput struct {
	// User is the user.
	User User
}

// GetUser returns the operator's user, the only one that exists.
func (s *Service) GetUser(_ context.Context, c *awsapi.Call, in *GetUserInput) (*GetUserOutput, error) {
	// Without a name, the caller must be a user.
	name := in.UserName
	if name == "" {
		if c.Caller.ARN != s.operator.Caller.ARN {
			return nil, errValidation.With("Must specify userName when calling with non-User credentials")
		}
		name = operatorName
	}
	// The operator exists in the server's own account only.
	if name != operatorName || c.Account != s.opts.Account {
		return nil, errNoSuchEntity.With("The user with name %s cannot be found.", name)
	}

	return &GetUserOutput{User: User{
		Path:       "/",
		UserName:   name,
		UserID:     s.operator.Caller.UserID,
		ARN:        s.operator.Caller.ARN,
		CreateDate: awsapi.Timestamp(s.operatorSince),
	}}, nil
}
