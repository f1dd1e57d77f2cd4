package logs

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

const groupPattern = `[\.\-_/#A-Za-z0-9]+`
const streamPattern = `[^:*]*`

var groupName = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]+$`)

// validateName holds a name against the rules of LAM E2.
func validateName(member, name, pattern string, ok bool) error {
	switch {
	case name == "":
		return missingParameter(member)
	case utf8.RuneCountInString(name) > 512:
		return errInvalidParameter.With("Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
	case !ok:
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

// resolveGroupName answers the group that is meant by a name or by an identifier, which
// is a name or an ARN with or without ":*".
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

// groupNameOf is the group's name in an identifier.
func groupNameOf(identifier string) string {
	if a, ok := awsapi.ParseARN(identifier); ok {
		return strings.TrimSuffix(strings.TrimPrefix(a.Resource, "log-group:"), ":*")
	}
	return identifier
}

// pageSize checks a limit and answers it, or the default where there is none.
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

// page cuts the page that follows token out of keys, which are in the order of
// the listing, and answers the token of the next page.
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
