package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// user is the body member that Lambda's semantic errors carry (LAM A2).
var user = map[string]string{"Type": "User"}

// The errors of event source mappings (LAM A3a).
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
		CapitalMessage: true,
		Members:        user,
	}
	errConflict = awsapi.Error{
		Code:    "ResourceConflictException",
		Status:  409,
		Members: user,
	}
	errInUse = awsapi.Error{
		Code:    "ResourceInUseException",
		Status:  400,
		Members: user,
	}
	errService = awsapi.Error{
		Code:    "ServiceException",
		Status:  500,
		Members: map[string]string{"Type": "Service"},
	}
)

// queueError is what a mapping's check of its queue answers when SQS refused
// action to the execution role: for want of permission (LAM B17), or as SQS said
// it (LAM B16).
func queueError(action string, err error) error {
	e := awsapi.AsError(err)
	if strings.Contains(e.Code, "AccessDenied") {
		return errParameter.With("The function execution role does not have permissions to call %s on SQS", action)
	}
	return errParameter.With("Error occurred while %s. SQS Error Code: %s. SQS Error Message: %s", action, e.LegacyCode(), e.Message)
}

// constraints collects the failures of AWS's model, which are told all at once
// (LAM A3).
type constraints []string

// fail notes that value, as it was sent, breaks rule.
func (f *constraints) fail(field, value, rule string, args ...any) {
	*f = append(*f, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: ", value, field)+fmt.Sprintf(rule, args...))
}

// between checks an optional number.
func (f *constraints) between(field string, v *int, low, high int) {
	if v == nil {
		return
	}
	quoted := fmt.Sprintf("'%d'", *v)
	if *v < low {
		f.fail(field, quoted, "Member must have value greater than or equal to %d", low)
	}
	if *v > high {
		f.fail(field, quoted, "Member must have value less than or equal to %d", high)
	}
}

// oneOf checks each entry of a list of names.
func (f *constraints) oneOf(field string, list []string, allowed ...string) {
	for _, v := range list {
		if !slices.Contains(allowed, v) {
			f.fail(field, "'["+strings.Join(list, ", ")+"]'",
				"Member must satisfy constraint: [Member must satisfy enum value set: [%s]]", strings.Join(allowed, ", "))
			return
		}
	}
}

// err is all failures in one error, or nil.
func (f constraints) err() error {
	switch len(f) {
	case 0:
		return nil
	case 1:
		return errValidation.With("%s", "1 validation error detected: "+f[0])
	}
	return errValidation.With("%s", fmt.Sprintf("%d validation errors detected: %s", len(f), strings.Join(f, "; ")))
}
