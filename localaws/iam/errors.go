package iam

import (
	"errors"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
)

// IAM's errors (LAM D4).
var (
	errNoSuchEntity   = modelError("NoSuchEntity", 404)
	errExists         = modelError("EntityAlreadyExists", 409)
	errDeleteConflict = modelError("DeleteConflict", 409)
	errLimit          = modelError("LimitExceeded", 409)
	errMalformed      = modelError("MalformedPolicyDocument", 400)
	errInvalidInput   = modelError("InvalidInput", 400)

	// Errors that all services of the Query protocol share.
	errValidation   = awsapi.Error{Code: "ValidationError", Status: 400}
	errAccessDenied = awsapi.Error{Code: "AccessDenied", Status: 403}
)

// modelError returns an error of IAM's model. Its shape has the suffix Exception; its
// code on the wire has not.
func modelError(code string, status int) awsapi.Error {
	return awsapi.Error{Code: code + "Exception", QueryCode: code, Status: status}
}

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
