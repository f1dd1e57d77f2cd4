package cloudwatch

import "github.com/reliableq/reliableq/localaws/awsapi"

// modelNamespace is the namespace of the error shapes in CloudWatch's model.
const modelNamespace = "com.amazonaws.cloudwatch.v2010_08_01"

// The errors of CloudWatch. Their codes differ between Query and the other
// protocols (LAM E16).
var (
	errValidation = awsapi.Error{
		Code:      "ValidationException",
		QueryCode: "ValidationError",
		Namespace: "com.amazon.coral.validate",
		Status:    400,
	}
	errNotFound            = modelError("ResourceNotFound", "", 404)
	errTagResourceNotFound = modelError("ResourceNotFoundException", "", 404) // of the tag operations
	errDashboardNotFound   = modelError("DashboardNotFoundError", "ResourceNotFound", 404)
	errInvalidDashboard    = modelError("DashboardInvalidInputError", "InvalidParameterInput", 400)
	errInvalidFormat       = modelError("InvalidFormatFault", "InvalidFormat", 400)
	errInvalidToken        = modelError("InvalidNextToken", "", 400)
	errInvalidValue        = modelError("InvalidParameterValueException", "InvalidParameterValue", 400)
	errInvalidCombination  = modelError("InvalidParameterCombinationException", "InvalidParameterCombination", 400)
	errMissingParameter    = modelError("MissingRequiredParameterException", "MissingParameter", 400)
	errLimit               = modelError("LimitExceededFault", "LimitExceeded", 400)
)

// modelError returns an error of the service's model. queryCode is its code in the
// Query protocol if that differs from the shape's name.
func modelError(shape, queryCode string, status int) awsapi.Error {
	return awsapi.Error{
		Code:      shape,
		QueryCode: queryCode,
		Namespace: modelNamespace,
		Status:    status,
	}
}

// missingParameter returns the error for a required parameter that is absent.
func missingParameter(member string) error {
	return errMissingParameter.With("The parameter %s is required.", member)
}

// unsupported returns the error for a feature of an operation that the embedded
// CloudWatch does not have.
func unsupported(what, operation string) error {
	return errValidation.With("The embedded AWS does not support %s in %s.", what, operation)
}
