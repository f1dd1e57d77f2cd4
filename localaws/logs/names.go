package logs

import (
	"strings"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The patterns of names (LAM E2).
var (
	groupPattern  = awsapi.NewPattern(`[\.\-_/#A-Za-z0-9]+`)
	streamPattern = awsapi.NewPattern(`[^:*]*`)
)

// validateName checks the name of a group or stream (LAM E2).
func validateName(member, name string, pattern awsapi.Pattern) error {
	switch {
	case name == "":
		return errInvalidParameter.Violation(member, nil, awsapi.NotNull)
	case utf8.RuneCountInString(name) > 512:
		return errInvalidParameter.With("Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
	case !pattern.Matches(name):
		return errInvalidParameter.Violation(member, name, pattern.String())
	}
	return nil
}

func validateGroupName(name string) error {
	return validateName("logGroupName", name, groupPattern)
}

func validateStreamName(name string) error {
	return validateName("logStreamName", name, streamPattern)
}

// resolveGroupName returns the name of the group in a request that has either a
// name or an identifier, which is a name or an ARN with or without ":*".
func resolveGroupName(name, identifier string) (string, error) {
	if name != "" && identifier != "" {
		return "", errValidation.With("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	}
	if name == "" && identifier == "" {
		return "", errInvalidParameter.Violation("logGroupName", nil, awsapi.NotNull)
	}

	// An identifier may be an ARN.
	if name == "" {
		name = groupNameOf(identifier)
	}
	return name, validateGroupName(name)
}

// groupNameOf returns the name of the group in an identifier.
func groupNameOf(identifier string) string {
	if a, ok := awsapi.ParseARN(identifier); ok {
		return strings.TrimSuffix(strings.TrimPrefix(a.Resource, "log-group:"), ":*")
	}
	return identifier
}
