package sts

import "github.com/reliableq/reliableq/localaws/awsapi"

// STS's errors (LAM D31).
var (
	errValidation       = awsapi.Error{Code: "ValidationError", Status: 400}
	errInvalidParameter = awsapi.Error{Code: "InvalidParameterValue", Status: 400}
)
