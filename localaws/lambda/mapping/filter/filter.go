// Package filter matches the bodies of SQS messages with the patterns of an event source
// mapping's filter criteria (LAM B39 to B44).
//
// A pattern is JSON. Its member body has the conditions on the message's body: a list for
// bodies of plain text, an object for bodies of JSON. All conditions of a pattern must
// hold. The values of one list are alternatives, and so are the patterns of a [Set].
package filter

import "strings"

// Set is the filters of one mapping. A message passes if it matches any of them, or if
// there are none.
type Set []*Filter

// Match reports whether a message with a body passes.
func (s Set) Match(body string) bool {
	if len(s) == 0 {
		return true
	}
	b := parseBody(body)
	for _, f := range s {
		if f.match(b) {
			return true
		}
	}
	return false
}

// Filter is one compiled pattern.
type Filter struct {
	text []condition // for bodies of plain text
	json *object     // for bodies of JSON; exactly one of the two is set
}

// match checks the format before the conditions: a body of another kind than the pattern
// expects does not pass (LAM B41).
func (f *Filter) match(b body) bool {
	if f.json != nil {
		return b.isJSON && f.json.match(b.value)
	}
	return !b.isJSON && anyHolds(f.text, []any{b.text})
}

// body is a message body, parsed once for all filters of a set.
type body struct {
	text   string
	value  any  // decoded text, if it is JSON
	isJSON bool // text is a JSON object or array; a bare scalar is plain text
}

// parseBody parses a body. What begins like JSON and is not is plain text.
func parseBody(text string) body {
	b := body{text: text}
	trimmed := strings.TrimLeft(text, " \t\r\n")

	// Only an object or an array is JSON to a filter; a bare scalar is text.
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		return b
	}

	value, err := decode(text)
	if err != nil {
		return b
	}

	b.value = value
	b.isJSON = true
	return b
}
