package lambda

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The errors that Lambda returns (LAM A2, A3, C10 to C51).
var (
	errValidation     = awsapi.Error{Code: "ValidationException", Status: 400}
	errParameter      = clientError("InvalidParameterValueException", 400)
	errConcurrencyMin = awsapi.Error{Code: "InvalidParameterValueException", Status: 400} // without Type (LAM C31)
	errNotFound       = capitalMessage(clientError("ResourceNotFoundException", 404))
	errConflict       = clientError("ResourceConflictException", 409)
	errPrecondition   = clientError("PreconditionFailedException", 412)
	errTooLarge       = clientError("RequestEntityTooLargeException", 413)
	errContent        = clientError("InvalidRequestContentException", 400)
	errRecursive      = capitalMessage(clientError("RecursiveInvocationException", 400))
	errAccessDenied   = capitalMessage(awsapi.Error{Code: "AccessDeniedException", Status: 403})
	errPolicyLength   = clientError("PolicyLengthExceededException", 400)
	errService        = capitalMessage(awsapi.Error{Code: "ServiceException", Status: 500, Members: map[string]string{"Type": "Server"}})
)

// clientError returns an error whose body has the member Type: User.
func clientError(code string, status int) awsapi.Error {
	return awsapi.Error{
		Code:    code,
		Status:  status,
		Members: map[string]string{"Type": "User"},
	}
}

// capitalMessage returns an error whose body has the member Message in place of message.
func capitalMessage(e awsapi.Error) awsapi.Error {
	e.CapitalMessage = true
	return e
}

// The reasons of a throttle (LAM C44).
const (
	reasonReserved = "ReservedFunctionConcurrentInvocationLimitExceeded"
	reasonAccount  = "ConcurrentInvocationLimitExceeded"
)

// throttleError returns the error of an invocation that concurrency does not permit (LAM
// C44).
func throttleError(reason string) *awsapi.Error {
	return &awsapi.Error{
		Code:    "TooManyRequestsException",
		Status:  429,
		Message: "Rate Exceeded.",
		Members: map[string]string{"Type": "User", "Reason": reason},
		Headers: map[string]string{"Retry-After": "1"},
	}
}

// functionNotFound returns the error for a function or version that does not exist (LAM
// C23).
func functionNotFound(ref reference) *awsapi.Error {
	return errNotFound.With("Function not found: %s", ref.arn())
}

// notEmbedded returns the error for a parameter that the embedded Lambda does not
// support, and what to use instead.
func notEmbedded(parameter, instead string) *awsapi.Error {
	return errParameter.With("%s is not supported by the embedded Lambda: %s", parameter, instead)
}

// checkRevision returns an error if a request expects another revision than the current
// one (LAM C26).
func checkRevision(expected, current string) error {
	if expected != "" && expected != current {
		return errPrecondition.With("The Revision Id provided does not match the latest Revision Id. " +
			"Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	}
	return nil
}
