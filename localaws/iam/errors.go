package iam

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
)

// IAM's errors (LAM D4).
var (
	errNoSuchEntity   = awsapi.Error{Code: "NoSuchEntityException", QueryCode: "NoSuchEntity", Status: 404}
	errExists         = awsapi.Error{Code: "EntityAlreadyExistsException", QueryCode: "EntityAlreadyExists", Status: 409}
	errDeleteConflict = awsapi.Error{Code: "DeleteConflictException", QueryCode: "DeleteConflict", Status: 409}
	errLimit          = awsapi.Error{Code: "LimitExceededException", QueryCode: "LimitExceeded", Status: 409}
	errMalformed      = awsapi.Error{Code: "MalformedPolicyDocumentException", QueryCode: "MalformedPolicyDocument", Status: 400}
	errInvalidInput   = awsapi.Error{Code: "InvalidInputException", QueryCode: "InvalidInput", Status: 400}
	errValidation     = awsapi.Error{Code: "ValidationError", Status: 400}
	errAccessDenied   = awsapi.Error{Code: "AccessDenied", Status: 403}
)

// ErrCannotAssume says that a role is not there, or that its trust policy does
// not let the principal in (LAM C12).
var ErrCannotAssume = errors.New("the role cannot be assumed")

func noRole(name string) error {
	return errNoSuchEntity.With("The role with name %s cannot be found.", name)
}

func noPolicy(arn string) error { return errNoSuchEntity.With("Policy %s was not found.", arn) }

// malformed gives a fault of a policy IAM's code.
func malformed(err error) error {
	var f *policy.Fault
	if errors.As(err, &f) {
		return errMalformed.With("%s", f.Text)
	}
	return err
}

// constraints collects failures of a request's members (LAM A3, A4).
type constraints struct{ failed []string }

func (c *constraints) fail(value, member, tail string) {
	c.failed = append(c.failed, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: Member must %s", value, member, tail))
}

// err is nil where nothing failed.
func (c *constraints) err() error {
	switch n := len(c.failed); n {
	case 0:
		return nil
	case 1:
		return errValidation.With("%s", "1 validation error detected: "+c.failed[0])
	default:
		return errValidation.With("%d validation errors detected: %s", n, strings.Join(c.failed, "; "))
	}
}

var (
	entityName = regexp.MustCompile(`^[\w+=,.@-]+$`)
	entityPath = regexp.MustCompile(`^(/[\x21-\x7e]*)?/$`)
)

// name checks a name of at most limit characters (LAM D10).
func (c *constraints) name(member, value string, limit int) *constraints {
	quoted := "'" + value + "'"
	switch {
	case value == "":
		c.fail("null", member, "not be null")
	case len(value) > limit:
		c.fail(quoted, member, fmt.Sprintf("have length less than or equal to %d", limit))
	case !entityName.MatchString(value):
		c.fail(quoted, member, `satisfy regular expression pattern: [\w+=,.@-]+`)
	}
	return c
}

// given checks that a required text is there.
func (c *constraints) given(member, value string) *constraints {
	if value == "" {
		c.fail("null", member, "not be null")
	}
	return c
}

// path checks a path, which may be left out.
func (c *constraints) path(value string) *constraints {
	if value != "" && (len(value) > 512 || !entityPath.MatchString(value)) {
		c.fail("'"+value+"'", "path", `satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)`)
	}
	return c
}

// between checks a number that may be left out.
func (c *constraints) between(member string, value *int32, least, most int32) *constraints {
	switch {
	case value == nil:
	case *value < least:
		c.fail(fmt.Sprintf("'%d'", *value), member, fmt.Sprintf("have value greater than or equal to %d", least))
	case *value > most:
		c.fail(fmt.Sprintf("'%d'", *value), member, fmt.Sprintf("have value less than or equal to %d", most))
	}
	return c
}

// description checks a description, which may be left out.
func (c *constraints) description(value string) *constraints {
	if len(value) > maxDescription {
		c.fail("'"+value+"'", "description", fmt.Sprintf("have length less than or equal to %d", maxDescription))
	}
	return c
}
