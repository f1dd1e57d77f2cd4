package mapping

import (
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The errors of event source mappings (LAM A2, A3a).
var (
	errValidation = awsapi.Error{Code: "ValidationException", Status: 400}
	errParameter  = clientError("InvalidParameterValueException", 400)
	errNotFound   = notFoundError()
	errConflict   = clientError("ResourceConflictException", 409)
	errInUse      = clientError("ResourceInUseException", 400)
	errService    = awsapi.Error{Code: "ServiceException", Status: 500, Members: map[string]string{"Type": "Service"}}
)

// clientError returns an error whose body has the member Type: User.
func clientError(code string, status int) awsapi.Error {
	return awsapi.Error{
		Code:    code,
		Status:  status,
		Members: map[string]string{"Type": "User"},
	}
}

func notFoundError() awsapi.Error {
	e := clientError("ResourceNotFoundException", 404)
	e.CapitalMessage = true
	return e
}

// queueError returns the error of an operation when SQS refused action to the execution
// role: for lack of permission (LAM B17), or with the error of SQS (LAM B16).
func queueError(action string, err error) error {
	e := awsapi.AsError(err)
	if strings.Contains(e.Code, "AccessDenied") {
		return errParameter.With("The function execution role does not have permissions to call %s on SQS", action)
	}
	return errParameter.With("Error occurred while %s. SQS Error Code: %s. SQS Error Message: %s", action, e.LegacyCode(), e.Message)
}

// unsupported returns the error for a parameter of other kinds of event source.
func unsupported(parameter string) error {
	return errParameter.With("Unsupported %s parameter for given event source mapping type.", parameter)
}
