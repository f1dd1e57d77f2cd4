package awsapi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Validation collects the members of an input that violate constraints of the
// service's model. AWS checks these before anything else and reports all of them
// in one error (LAM A3, A4):
//
//	2 validation errors detected: Value '901' at 'timeout' failed to satisfy
//	constraint: Member must have value less than or equal to 900; Value null at ...
//
// Call the checks in the order in which the error should list them, then
// [Validation.Err]. The member is named as AWS names it there, in lower camel case
// (maxItems). The zero value is ready to use.
type Validation struct {
	failed []string
}

// Add reports that a member's value violates a constraint. Constraints are
// [NotNull], [MaxLength] and the like, or a text of the same form.
//
// A value is shown in single quotes, a list as [a, b], nil as null.
func (v *Validation) Add(member string, value any, constraint string) {
	v.failed = append(v.failed, violation(member, value, constraint))
}

// Err returns row with a message that lists the violations, or nil without any.
func (v *Validation) Err(row Error) error {
	// The violations quote values of the request, which may contain %: they are
	// arguments and never the format.
	switch n := len(v.failed); n {
	case 0:
		return nil
	case 1:
		return row.With("%s", "1 validation error detected: "+v.failed[0])
	default:
		return row.With("%d validation errors detected: %s", n, strings.Join(v.failed, "; "))
	}
}

// Violation returns e with the message for one member that violates a constraint,
// for services that report the first problem only. See [Validation.Add].
func (e Error) Violation(member string, value any, constraint string) *Error {
	return e.With("%s", "1 validation error detected: "+violation(member, value, constraint))
}

func violation(member string, value any, constraint string) string {
	return "Value " + formatValue(value) + " at '" + member + "' failed to satisfy constraint: " + constraint
}

// entryCount stands for a list or map of which an error shows only the number of entries.
type entryCount int

// formatValue returns a value as validation errors show it.
func formatValue(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return "'" + value + "'"
	case []string:
		return "'[" + strings.Join(value, ", ") + "]'"
	case entryCount:
		return fmt.Sprintf("of %d entries", int(value))
	default:
		return fmt.Sprintf("'%v'", value)
	}
}

// NotNull is the constraint of a required member.
const NotNull = "Member must not be null"

// MinValue is the constraint of a number that must be at least n.
func MinValue(n int) string {
	return fmt.Sprintf("Member must have value greater than or equal to %d", n)
}

// MaxValue is the constraint of a number that must be at most n.
func MaxValue(n int) string { return fmt.Sprintf("Member must have value less than or equal to %d", n) }

// MinLength is the constraint of a text with at least n characters, or of a list
// with at least n entries.
func MinLength(n int) string {
	return fmt.Sprintf("Member must have length greater than or equal to %d", n)
}

// MaxLength is the constraint of a text with at most n characters, or of a list
// with at most n entries.
func MaxLength(n int) string {
	return fmt.Sprintf("Member must have length less than or equal to %d", n)
}

// OneOf is the constraint of a text that must be one of the given ones.
func OneOf(allowed ...string) string {
	return "Member must satisfy enum value set: [" + strings.Join(allowed, ", ") + "]"
}

// Pattern is the constraint of a text that must match a regular expression. Make
// it with [NewPattern] or [TranslatedPattern].
type Pattern struct {
	text string
	re   *regexp.Regexp
}

// NewPattern returns the pattern that a service's model writes as text. It panics
// if Go cannot compile it.
func NewPattern(text string) Pattern { return TranslatedPattern(text, text) }

// TranslatedPattern returns a pattern that the model writes as text, and Go as
// expr: Go has no look-ahead and no \u escapes.
func TranslatedPattern(text, expr string) Pattern {
	// The group makes ^ and $ apply to every alternative of expr.
	return Pattern{text: text, re: regexp.MustCompile("^(?:" + expr + ")$")}
}

// Matches reports whether the whole of s matches.
func (p Pattern) Matches(s string) bool { return p.re.MatchString(s) }

// String returns the constraint, with the pattern as the model writes it.
func (p Pattern) String() string { return "Member must satisfy regular expression pattern: " + p.text }

// Required checks that a text is not empty.
func (v *Validation) Required(member, value string) {
	if value == "" {
		v.Add(member, nil, NotNull)
	}
}

// Between checks that a number is within bounds. A nil value is an absent one, and
// valid.
func (v *Validation) Between(member string, value *int, low, high int) {
	switch {
	case value == nil:
	case *value < low:
		v.Add(member, *value, MinValue(low))
	case *value > high:
		v.Add(member, *value, MaxValue(high))
	}
}

// MinLength checks that a text has at least n characters.
func (v *Validation) MinLength(member, value string, n int) {
	if utf8.RuneCountInString(value) < n {
		v.Add(member, value, MinLength(n))
	}
}

// MaxLength checks that a text has at most n characters.
func (v *Validation) MaxLength(member, value string, n int) {
	if len(value) > n && utf8.RuneCountInString(value) > n {
		v.Add(member, value, MaxLength(n))
	}
}

// MaxEntries checks that a list has at most n entries.
func (v *Validation) MaxEntries(member string, count, n int) {
	if count > n {
		v.Add(member, entryCount(count), MaxLength(n))
	}
}

// Match checks that a text matches a pattern. An empty text is an absent one, and
// valid.
func (v *Validation) Match(member, value string, p Pattern) {
	if value != "" && !p.Matches(value) {
		v.Add(member, value, p.String())
	}
}

// OneOf checks that a text is one of those allowed. An empty text is an absent
// one, and valid.
func (v *Validation) OneOf(member, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		v.Add(member, value, OneOf(allowed...))
	}
}

// EachOneOf checks that each entry of a list is one of those allowed.
func (v *Validation) EachOneOf(member string, list []string, allowed ...string) {
	for _, value := range list {
		if !slices.Contains(allowed, value) {
			v.Add(member, list, "Member must satisfy constraint: ["+OneOf(allowed...)+"]")
			return
		}
	}
}

// PageSize checks the requested size of a page and returns it, or standard where
// none is requested.
func (v *Validation) PageSize(member string, requested *int, standard, most int) int {
	v.Between(member, requested, 1, most)

	if requested == nil {
		return standard
	}
	// The caller never uses a size out of range: Err then returns an error.
	return *requested
}
