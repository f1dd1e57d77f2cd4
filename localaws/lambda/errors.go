package lambda

import (
	"fmt"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

var user = map[string]string{"Type": "User"}

// The errors that Lambda answers (LAM A2, A3, C10 to C51).
var (
	errValidation = awsapi.Error{Code: "ValidationException", Status: 400}
	errParameter  = awsapi.Error{
		Code:    "InvalidParameterValueException",
		Status:  400,
		Members: user,
	}
	errNotFound = awsapi.Error{
		Code:           "ResourceNotFoundException",
		Status:         404,
		Members:        user,
		CapitalMessage: true,
	}
	errConflict = awsapi.Error{
		Code:    "ResourceConflictException",
		Status:  409,
		Members: user,
	}
	errPrecondition = awsapi.Error{
		Code:    "PreconditionFailedException",
		Status:  412,
		Members: user,
	}
	errTooLarge = awsapi.Error{
		Code:    "RequestEntityTooLargeException",
		Status:  413,
		Members: user,
	}
	errContent = awsapi.Error{
		Code:    "InvalidRequestContentException",
		Status:  400,
		Members: user,
	}
	errRecursive = awsapi.Error{
		Code:           "RecursiveInvocationException",
		Status:         400,
		Members:        user,
		CapitalMessage: true,
	}
	errAccessDenied = awsapi.Error{
		Code:           "AccessDeniedException",
		Status:         403,
		CapitalMessage: true,
	}
	errPolicyLength = awsapi.Error{
		Code:    "PolicyLengthExceededException",
		Status:  400,
		Members: user,
	}
	errService = awsapi.Error{
		Code:           "ServiceException",
		Status:         500,
		Members:        map[string]string{"Type": "Server"},
		CapitalMessage: true,
	}
	errConcurrencyMin = awsapi.Error{Code: "InvalidParameterValueException", Status: 400} // without Type (LAM C31)
)

// throttled is the 429 of LAM C44.
func throttled(reason string) *awsapi.Error {
	return &awsapi.Error{
		Code:    "TooManyRequestsException",
		Status:  429,
		Message: "Rate Exceeded.",
		Members: map[string]string{"Type": "User", "Reason": reason},
		Headers: map[string]string{"Retry-After": "1"},
	}
}

// The reasons of a throttle that are embedded (LAM C44).
const (
	reasonReserved = "ReservedFunctionConcurrentInvocationLimitExceeded"
	reasonAccount  = "ConcurrentInvocationLimitExceeded"
)

// notEmbedded refuses a parameter by name.
func notEmbedded(parameter, instead string) *awsapi.Error {
	return errParameter.With("%s is not supported by the embedded Lambda: %s", parameter, instead)
}

// constraints collects failures of the model's constraints, which are answered
// together (LAM A3, A4).
type constraints struct {
	failed []string
}

// add notes that value at member fails the constraint.
func (c *constraints) add(value, member, constraint string) {
	c.failed = append(c.failed, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, member, constraint))
}

// require fails an empty value.
func (c *constraints) require(value, member string) {
	if value == "" {
		c.add("null", member, "Member must not be null")
	}
}

// between fails a number outside of its range.
func (c *constraints) between(value *int, member string, low, high int) {
	switch {
	case value == nil:
	case *value < low:
		c.add(fmt.Sprintf("'%d'", *value), member, fmt.Sprintf("Member must have value greater than or equal to %d", low))
	case *value > high:
		c.add(fmt.Sprintf("'%d'", *value), member, fmt.Sprintf("Member must have value less than or equal to %d", high))
	}
}

// atMost fails a text that is too long.
func (c *constraints) atMost(value, member string, n int) {
	if len(value) > n {
		c.add("'"+value+"'", member, fmt.Sprintf("Member must have length less than or equal to %d", n))
	}
}

// matches fails a text that its pattern does not match.
func (c *constraints) matches(value, member string, p pattern) {
	if value != "" && !p.re.MatchString(value) {
		c.add("'"+value+"'", member, "Member must satisfy regular expression pattern: "+p.text)
	}
}

// oneOf fails a text that is not in the set. An empty text is an absent one.
func (c *constraints) oneOf(value, member string, set ...string) {
	if value == "" {
		return
	}
	for _, s := range set {
		if s == value {
			return
		}
	}
	c.add("'"+value+"'", member, "Member must satisfy enum value set: ["+strings.Join(set, ", ")+"]")
}

// err answers all failures, or nil.
func (c *constraints) err() error {
	switch n := len(c.failed); n {
	case 0:
		return nil
	case 1:
		return errValidation.With("%s", "1 validation error detected: "+c.failed[0])
	default:
		return errValidation.With("%s", fmt.Sprintf("%d validation errors detected: %s", n, strings.Join(c.failed, "; ")))
	}
}
