package logs

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The patterns of names, as AWS's messages show them (LAM E2).
const (
	groupPattern  = `[\.\-_/#A-Za-z0-9]+`
	streamPattern = `[^:*]*`
)

var groupName = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]+$`)

// validateName checks a name against the rules of LAM E2. matches reports whether
// it has the form of the pattern.
func validateName(member, name, pattern string, matches bool) error {
	switch {
	case name == "":
		return missingParameter(member)
	case utf8.RuneCountInString(name) > 512:
		return errInvalidParameter.With("Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
	case !matches:
		return constraintError(member, name, "Member must satisfy regular expression pattern: "+pattern)
	}
	return nil
}

func validateGroupName(name string) error {
	return validateName("logGroupName", name, groupPattern, groupName.MatchString(name))
}

func validateStreamName(name string) error {
	return validateName("logStreamName", name, streamPattern, !strings.ContainsAny(name, ":*"))
}

// resolveGroupName returns the name of the group in a request that has either a
// name or an identifier, which is a name or an ARN with or without ":*".
func resolveGroupName(name, identifier string) (string, error) {
	if name != "" && identifier != "" {
		return "", errValidation.With("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	}
	if name == "" && identifier == "" {
		return "", missingParameter("logGroupName")
	}
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

// pageSize validates a requested page size and returns it, or standard if none is
// given.
func pageSize(limit *int, standard, most int) (int, error) {
	switch {
	case limit == nil:
		return standard, nil
	case *limit < 1:
		return 0, constraintError("limit", *limit, "Member must have value greater than or equal to 1")
	case *limit > most:
		return 0, errInvalidParameter.With("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: "+
			"Member must have value less than or equal to %d", *limit, most)
	}
	return *limit, nil
}

// page returns the bounds of the page that follows token in a sorted list of keys,
// and the token of the next page. A token is the key of the last entry of its page.
func page(keys []string, token string, limit int) (from, to int, next string, err error) {
	if token != "" {
		last, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return 0, 0, "", invalidToken()
		}
		from = slices.Index(keys, string(last)) + 1
		if from == 0 {
			return 0, 0, "", invalidToken()
		}
	}

	to = min(from+limit, len(keys))
	if to < len(keys) {
		next = base64.RawURLEncoding.EncodeToString([]byte(keys[to-1]))
	}

	return from, to, next, nil
}
