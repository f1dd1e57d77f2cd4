package logs

import (
	"fmt"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The errors of CloudWatch Logs (LAM E1). All are client errors.
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

// constraintError returns the error for a value that violates a constraint of the
// model.
func constraintError(member string, value any, rule string) error {
	return errInvalidParameter.With("%s", fmt.Sprintf(
		"1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, rule))
}

// missingParameter returns the error for a required parameter that is absent.
func missingParameter(member string) error {
	return errInvalidParameter.With(
		"1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

// unsupported returns the error for a parameter that the embedded Logs does not
// have.
func unsupported(operation, parameter string) error {
	return errInvalidParameter.With("The embedded AWS does not support parameter %s of %s.", parameter, operation)
}
