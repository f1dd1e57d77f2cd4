package pattern

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// selector is the path of a member of JSON, such as $.a.b[0].
type selector struct {
	text  string // as written
	steps []step
}

// step is a step of a path: to a member by name, to an element by index, or to all
// of them.
type step struct {
	name  string
	index int
	kind  selectorStepKind
}

type selectorStepKind uint8

const (
	byName selectorStepKind = iota
	byIndex
	all
)

// parseSelector parses a selector.
func (p *parser) parseSelector() (selector, error) {
	p.skipBlanks()
	from := p.pos
	if p.peek() != '$' {
		return selector{}, p.errorf("missing selector, which starts with $")
	}

	p.pos++
	var s selector

	// A bracket may follow a dot, as in $.a.["b"].
	for {
		dot := p.peek() == '.'
		if dot {
			p.pos++
		}

		var one step
		var err error
		switch {
		case p.peek() == '[':
			one, err = p.parseBracket()
		case dot:
			one, err = p.parseDotted()
		default:
			s.text = p.text[from:p.pos]
			return s, nil
		}

		if err != nil {
			return s, err
		}

		s.steps = append(s.steps, one)
	}
}

// parseDotted parses what follows a dot: a name or *.
func (p *parser) parseDotted() (step, error) {
	if p.peek() == '*' {
		p.pos++
		return step{kind: all}, nil
	}
	name := p.takeWhile(func(c byte) bool { return isWord(c) || c == '-' })
	if name == "" {
		return step{}, p.errorf("missing name after .")
	}
	return step{name: name}, nil
}

// parseBracket parses [0], [*] or ["name"].
func (p *parser) parseBracket() (step, error) {
	p.pos++
	one := step{kind: all}
	switch c := p.peek(); {
	case c == '*':
		p.pos++
	case c == '"':
		name, err := p.parseQuoted()
		if err != nil {
			return one, err
		}
		one = step{name: name}

	default:
		n, err := strconv.ParseUint(p.takeWhile(func(c byte) bool { return c >= '0' && c <= '9' }), 10, 31)
		if err != nil {
			return one, p.errorf("index is not a number")
		}
		one = step{index: int(n), kind: byIndex}
	}

	if p.peek() != ']' {
		return one, p.errorf("missing ]")
	}

	p.pos++
	return one, nil
}

// find returns all values that the selector selects from v.
func (s selector) find(v any) []any {
	found := []any{v}

	// Each step maps the values found so far to those one level deeper.
	for _, st := range s.steps {
		var next []any
		for _, v := range found {
			next = append(next, st.apply(v)...)
		}
		found = next
	}
	return found
}

// apply returns the values that one step leads to.
func (st step) apply(v any) []any {
	switch v := v.(type) {
	case map[string]any:
		if st.kind == all {
			out := make([]any, 0, len(v))

			// Sorted, so that the first match does not depend on the order of a map.
			for _, k := range slices.Sorted(maps.Keys(v)) {
				out = append(out, v[k])
			}
			return out
		}
		if member, ok := v[st.name]; ok && st.kind == byName {
			return []any{member}
		}

	case []any:
		if st.kind == all {
			return v
		}
		if st.kind == byIndex && st.index < len(v) {
			return []any{v[st.index]}
		}
	}

	return nil
}

// firstScalar returns the first string, number or boolean that the selector
// selects, as text.
func (s selector) firstScalar(v any) (string, bool) {
	for _, found := range s.find(v) {
		switch found := found.(type) {
		case string:
			return found, true
		case json.Number:
			return strings.TrimSpace(found.String()), true
		case bool:
			return strconv.FormatBool(found), true
		}
	}
	return "", false
}
