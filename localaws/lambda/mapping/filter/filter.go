// Package filter decides which SQS messages of an event source mapping reach
// its function, by the patterns of its filter criteria (LAM B39 to B44).
//
// A pattern is JSON. It names the body's conditions under the key body: a list
// for bodies of plain text, an object for bodies of JSON. Conditions of one
// pattern must all hold, values of one list are alternatives, and so are the
// patterns of a [Set].
package filter

import "strings"

// Set is the filters of one mapping: a message passes when any of them lets it
// through, or when there are none.
type Set []*Filter

// Match reports whether a message with this body passes.
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

// match applies the format check before the conditions: a body of another kind
// than the pattern's does not pass (LAM B41).
func (f *Filter) match(b body) bool {
	if f.json != nil {
		return b.isJSON && f.json.match(b.value)
	}
	return !b.isJSON && anyHolds(f.text, []any{b.text})
}

// body is a message body, parsed once for all filters of a set.
type body struct {
	text   string
	value  any  // what text says, when it is JSON
	isJSON bool // text is a JSON object or array; a bare scalar is plain text
}

func parseBody(text string) body {
	b := body{text: text}
	trimmed := strings.TrimLeft(text, " \t\r\n")
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
