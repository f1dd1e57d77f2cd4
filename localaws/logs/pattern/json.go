package pattern

import (
	"encoding/json"
	"strings"
)

// jsonPattern is a pattern of the members of a line that is JSON.
type jsonPattern struct {
	root      expression
	selectors []selector // in the order of the pattern
}

// maxDepth is the deepest nesting of parentheses.
const maxDepth = 50

// parseJSON parses a pattern in braces.
func (p *parser) parseJSON() (matcher, error) {
	p.pos++
	m := &jsonPattern{}
	root, err := p.parseOr(func(p *parser) (expression, error) {
		e, err := p.parseMemberTest()
		if err == nil {
			m.selectors = append(m.selectors, e.selector)
		}
		return e, err
	})
	if err != nil {
		return nil, err
	}

	// Nothing may follow the closing brace.
	m.root = root
	if !p.take("}") {
		return nil, p.errorf("missing } at the end")
	}
	if p.skipBlanks(); !p.done() {
		return nil, p.errorf("unexpected text after the pattern")
	}

	return m, nil
}

// parseOr parses comparisons joined by ||, which has a lower precedence than &&.
// parseComparison parses a single one.
func (p *parser) parseOr(parseComparison func(*parser) (expression, error)) (expression, error) {
	left, err := p.parseAnd(parseComparison)
	for err == nil && p.take("||") {
		var right expression
		right, err = p.parseAnd(parseComparison)
		left = orExpression{left, right}
	}
	return left, err
}

// parseAnd parses comparisons joined by &&.
func (p *parser) parseAnd(parseComparison func(*parser) (expression, error)) (expression, error) {
	left, err := p.parseOperand(parseComparison)
	for err == nil && p.take("&&") {
		var right expression
		right, err = p.parseOperand(parseComparison)
		left = andExpression{left, right}
	}
	return left, err
}

// parseOperand parses a comparison, or an expression in parentheses.
func (p *parser) parseOperand(parseComparison func(*parser) (expression, error)) (expression, error) {
	if !p.take("(") {
		return parseComparison(p)
	}
	if p.depth++; p.depth > maxDepth {
		return nil, p.errorf("more than %d nested parentheses", maxDepth)
	}

	e, err := p.parseOr(parseComparison)
	p.depth--
	if err == nil && !p.take(")") {
		err = p.errorf("missing )")
	}

	return e, err
}

// memberTest is a comparison of a member.
type memberTest struct {
	selector selector
	is       string // TRUE, FALSE, NULL, EXISTS or NOT EXISTS; or empty, to use cond
	cond     condition
}

// parseMemberTest parses a selector and its comparison.
func (p *parser) parseMemberTest() (memberTest, error) {
	var t memberTest
	s, err := p.parseSelector()
	if err != nil {
		return t, err
	}

	t.selector = s

	// Keywords, or else an operator with an operand.
	switch {
	case p.takeWord("IS"):
		for _, w := range []string{"TRUE", "FALSE", "NULL"} {
			if p.takeWord(w) {
				t.is = w
				return t, nil
			}
		}
		return t, p.errorf("missing TRUE, FALSE or NULL after IS")

	case p.takeWord("NOT"):
		if !p.takeWord("EXISTS") {
			return t, p.errorf("missing EXISTS after NOT")
		}
		t.is = "NOT EXISTS"
		return t, nil

	case p.takeWord("EXISTS"):
		t.is = "EXISTS"
		return t, nil
	}

	t.cond, err = p.parseCondition(func(c byte) bool { return !isBlank(c) && !strings.ContainsRune("})(&|", rune(c)) })
	return t, err
}

func (t memberTest) holds(subject any) bool {
	// EXISTS depends on the path alone.
	found := t.selector.find(subject)
	switch t.is {
	case "NOT EXISTS":
		return len(found) == 0
	case "EXISTS":
		return len(found) > 0
	}

	// With [*] and .* there are several values: one of them must match.
	for _, v := range found {
		if t.matches(v) {
			return true
		}
	}

	return false
}

// matches compares a single value. Arrays and objects never match (LAM E12).
func (t memberTest) matches(v any) bool {
	// IS matches only its own kind of value, and a comparison only numbers and strings.
	switch v := v.(type) {
	case bool:
		return v && t.is == "TRUE" || !v && t.is == "FALSE"
	case nil:
		return t.is == "NULL"
	case json.Number:
		n, err := v.Float64()
		return t.is == "" && err == nil && t.cond.matchNumber(n, v.String())
	case string:
		return t.is == "" && t.cond.matchText(v)
	}

	return false
}

// decode decodes a line that is a JSON object or array, without anything after it.
// Numbers are decoded as text.
func decode(line string) (any, bool) {
	trimmed := strings.TrimLeft(line, " \t\r\n")
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		return nil, false
	}

	// Numbers as written can be compared with text operands, too.
	d := json.NewDecoder(strings.NewReader(trimmed))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || strings.TrimSpace(trimmed[d.InputOffset():]) != "" {
		return nil, false
	}
	return v, true
}

func (m *jsonPattern) match(line string) bool {
	v, ok := decode(line)
	return ok && m.root.holds(v)
}

func (m *jsonPattern) extract(line string) map[string]string {
	values := map[string]string{}
	v, ok := decode(line)
	if !ok {
		return values
	}
	for _, s := range m.selectors {
		if got, ok := s.firstScalar(v); ok {
			values[s.text] = got
		}
	}
	return values
}

func (m *jsonPattern) value(line, text string) (string, bool) {
	// The selector need not be one of the pattern.
	p := &parser{text: text}
	s, err := p.parseSelector()
	if err != nil || !p.done() {
		return "", false
	}
	v, ok := decode(line)
	if !ok {
		return "", false
	}
	return s.firstScalar(v)
}
