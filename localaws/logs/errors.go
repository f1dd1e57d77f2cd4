package logs

import (
	"fmt"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The errors that Logs knows (LAM E1). All are the caller's fault.
var (
	errInvalidParameter = awsapi.Error{Code: "InvalidParameterException", Status: 400}
	errValidation       = awsapi.Error{Code: "ValidationException", Status: 400}
	errNotFound         = awsapi.Error{Code: "ResourceNotFoundException", Status: 400}
	errExists           = awsapi.Error{Code: "ResourceAlreadyExistsException", Status: 400}
	errLimit            = awsapi.Error{Code: "LimitExceededException", Status: 400}
	errTooManyTags      = awsapi.Error{Code: "TooManyTagsException", Status: 400}
	errTaggingDenied    = awsapi.Error{Code: "AccessDeniedException", Status: 400}
)

func groupNotFound() error  { return errNotFound.With("The specified log group does not exist.") }
func streamNotFound() error { return errNotFound.With("The specified log stream does not exist.") }

// constraintError is the answer to a value that breaks a rule of the model.
func constraintError(member string, value any, rule string) error {
	return errInvalidParameter.With("%s", fmt.Sprintf(
		"1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, rule))
}

// missingParameter is the answer to a required member that is not there.
func missingParameter(member string) error {
	return errInvalidParameter.With(
		"1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

// unsupported refuses by name what the embedded Logs cannot do.
func unsupported(operation, parameter string) error {
	return errInvalidParameter.With("The embedded AWS does not support parameter %s of %s.", parameter, operation)
}
