package cloudwatch

import "github.com/reliableq/reliableq/localaws/awsapi"

const modelNamespace = "com.amazonaws.cloudwatch.v2010_08_01"

// The errors that CloudWatch knows. Their codes differ between Query and the
// other protocols (LAM E16).
var (
	errValidation = awsapi.Error{
		Code: "ValidationException", QueryCode: "ValidationError", Namespace: "com.amazon.coral.validate", Status: 400,
	}
	errNotFound = awsapi.Error{Code: "ResourceNotFound", Namespace: modelNamespace, Status: 404}
	// errNoResource is what the tag operations answer.
	errNoResource         = awsapi.Error{Code: "ResourceNotFoundException", Namespace: modelNamespace, Status: 404}
	errNoDashboard        = awsapi.Error{Code: "DashboardNotFoundError", QueryCode: "ResourceNotFound", Namespace: modelNamespace, Status: 404}
	errDashboard          = awsapi.Error{Code: "DashboardInvalidInputError", QueryCode: "InvalidParameterInput", Namespace: modelNamespace, Status: 400}
	errFormat             = awsapi.Error{Code: "InvalidFormatFault", QueryCode: "InvalidFormat", Namespace: modelNamespace, Status: 400}
	errToken              = awsapi.Error{Code: "InvalidNextToken", Namespace: modelNamespace, Status: 400}
	errInvalidValue       = awsapi.Error{Code: "InvalidParameterValueException", QueryCode: "InvalidParameterValue", Namespace: modelNamespace, Status: 400}
	errInvalidCombination = awsapi.Error{Code: "InvalidParameterCombinationException", QueryCode: "InvalidParameterCombination", Namespace: modelNamespace, Status: 400}
	errMissing            = awsapi.Error{Code: "MissingRequiredParameterException", QueryCode: "MissingParameter", Namespace: modelNamespace, Status: 400}
	errLimit              = awsapi.Error{Code: "LimitExceededFault", QueryCode: "LimitExceeded", Namespace: modelNamespace, Status: 400}
)

// missing is the answer to a required member that is not there.
func missing(member string) error {
	return errMissing.With("The parameter %s is required.", member)
}

// constraint is the answer to a value that breaks a rule of the model.
func constraint(member string, value any, rule string) error {
	return errValidation.With("1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

// unsupported refuses by name what the embedded CloudWatch cannot do.
func unsupported(what, operation string) error {
	return errValidation.With("The embedded AWS does not support %s in %s.", what, operation)
}
