package sts

import "github.com/reliableq/reliableq/localaws/iam"

// Service is the embedded STS. It has no state of its own, and is safe for
// concurrent use.
type Service struct {
	roles *iam.Service
}

// New returns a service for the roles of an IAM service.
func New(roles *iam.Service) *Service { return &Service{roles: roles} }
