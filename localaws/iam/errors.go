package iam

import (
	"errors"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
)

// IAM's errors (LAM D4).
var (
	errNoSuchEntity   = awsapi.Error{Code: "NoSuchEntityException", QueryCode: "NoSuchEntity", Status: 404}
	errExists         = awsapi.Error{Code: "EntityAlreadyExistsException", QueryCode: "EntityAlreadyExists", Status: 409}
	errDeleteConflict = awsapi.Error{Code: "DeleteConflictException", QueryCode: "DeleteConflict", Status: 409}
	errLimit          = awsapi.Error{Code: "LimitExceededException", QueryCode: "LimitExceeded", Status: 409}
	errMalformed      = awsapi.Error{Code: "MalformedPolicyDocumentException", QueryCode: "MalformedPolicyDocument", Status: 400}
	errInvalidInput   = awsapi.Error{Code: "InvalidInputException", QueryCode: "InvalidInput", Status: 400}
	errValidation     = awsapi.Error{Code: "ValidationError", Status: 400}
	errAccessDenied   = awsapi.Error{Code: "AccessDenied", Status: 403}
)

// ErrCannotAssume is returned for a role that does not exist, or whose trust policy
// does not allow the principal (LAM C12).
var ErrCannotAssume = errors.New("the role cannot be assumed")

func noRole(name string) error {
	return errNoSuchEntity.With("The role with name %s cannot be found.", name)
}

func noRolePolicy(name string) error {
	return errNoSuchEntity.With("The role policy with name %s cannot be found.", name)
}

func noPolicy(arn string) error { return errNoSuchEntity.With("Policy %s was not found.", arn) }

func notAttachable(arn string) error {
	return errNoSuchEntity.With("Policy %s does not exist or is not attachable.", arn)
}

func noVersion(arn, id string) error {
	return errNoSuchEntity.With("Policy %s version %s does not exist or is not attachable.", arn, id)
}

func ownedByAWS(c *awsapi.Call, arn string) error {
	return errAccessDenied.With("User: %s is not authorized to change the policy %s, which is AWS's own", c.Caller.ARN, arn)
}

// malformed returns the problem of a policy document as IAM's error, and any other
// error, or nil, unchanged.
func malformed(err error) error {
	var e *policy.ParseError
	if errors.As(err, &e) {
		return errMalformed.With("%s", e.Text)
	}
	return err
}
