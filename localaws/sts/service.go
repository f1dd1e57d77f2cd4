package sts

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/iam"
)

// Service is the embedded STS. It is safe for concurrent use.
type Service struct{ roles *iam.Service }

// New makes the service on top of the roles that it hands out.
func New(roles *iam.Service) *Service { return &Service{roles: roles} }

// API is the service's table for the gateway. Neither operation names a
// permission: GetCallerIdentity needs none, and AssumeRole asks the role's trust
// policy itself (LAM D16, D29).
func (s *Service) API() *awsapi.Service {
	return &awsapi.Service{
		Name: "sts", QueryVersion: "2011-06-15", Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		Operations: awsapi.Table(
			awsapi.Op("GetCallerIdentity", s.getCallerIdentity, nil),
			awsapi.Op("AssumeRole", s.assumeRole, nil),
		),
	}
}

type callerIdentityInput struct{}

type callerIdentityOutput struct {
	UserId  string
	Account string
	Arn     string
}

func (s *Service) getCallerIdentity(_ context.Context, c *awsapi.Call, _ *callerIdentityInput) (*callerIdentityOutput, error) {
	return &callerIdentityOutput{UserId: c.Caller.UserID, Account: c.Caller.Account, Arn: c.Caller.ARN}, nil
}
