package logs

import "github.com/reliableq/reliableq/localaws/awsapi"

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

// unsupported returns the error for a parameter that the embedded Logs does not
// have.
func unsupported(operation, parameter string) error {
	return errInvalidParameter.With("The embedded AWS does not support parameter %s of %s.", parameter, operation)
}
