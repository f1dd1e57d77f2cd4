package sts

import "github.com/reliableq/reliableq/localaws/awsapi"

// API returns the service's table of operations: Query, version 2011-06-15. Neither
// needs a permission of the dispatcher: GetCallerIdentity needs none, and AssumeRole
// checks the role's trust policy itself (LAM D16, D29).
func (s *Service) API() *awsapi.Service {
	return &awsapi.Service{
		Name:         "sts",
		QueryVersion: "2011-06-15",
		Namespace:    "https://sts.amazonaws.com/doc/2011-06-15/",
		Operations: awsapi.Table(
			awsapi.Op("AssumeRole", s.AssumeRole, nil),
			awsapi.Op("GetCallerIdentity", s.GetCallerIdentity, nil),
		),
	}
}
