package pattern

import (
	"encoding/json"
	"strings"
)

// members is a pattern of the members of a line that is JSON.
type members struct {
	root      expression
	selectors []selector // in the order of the pattern
}

// maxDepth bounds how deep parentheses may go.
const maxDepth = 50

// json reads a pattern in braces.
func (p *parser) json() (matcher, error) {
	p.at++
	m := &members{}
	root, err := p.either(func(p *parser) (expression, error) {
		e, err := p.memberTest()
		if err == nil {
			m.selectors = append(m.selectors, e.selector)
		}
		return e, err
	})
	if err != nil {
		return nil, err
	}
	m.root = root
	if !p.take("}") {
		return nil, p.errorf("no } at the end")
	}
	if p.blanks(); !p.done() {
		return nil, p.errorf("text behind the pattern")
	}
	return m, nil
}

// either reads comparisons joined by ||, which binds less than &&. leaf reads one
// comparison.
func (p *parser) either(leaf func(*parser) (expression, error)) (expression, error) {
	left, err := p.both(leaf)
	for err == nil && p.take("||") {
		var right expression
		right, err = p.both(leaf)
		left = either{left, right}
	}
	return left, err
}

func (p *parser) both(leaf func(*parser) (expression, error)) (expression, error) {
	left, err := p.one(leaf)
	for err == nil && p.take("&&") {
		var right expression
		right, err = p.one(leaf)
		left = both{left, right}
	}
	return left, err
}

// one reads a comparison, or several in parentheses.
func (p *parser) one(leaf func(*parser) (expression, error)) (expression, error) {
	if !p.take("(") {
		return leaf(p)
	}
	if p.depth++; p.depth > maxDepth {
		return nil, p.errorf("more than %d parentheses within each other", maxDepth)
	}
	e, err := p.either(leaf)
	p.depth--
	if err == nil && !p.take(")") {
		err = p.errorf("a parenthesis without an end")
	}
	return e, err
}

// memberTest is one comparison with a member.
type memberTest struct {
	selector selector
	is       string // TRUE, FALSE, NULL, EXISTS or NOT EXISTS; else
	cond     condition
}

func (p *parser) memberTest() (memberTest, error) {
	var t memberTest
	s, err := p.selector()
	if err != nil {
		return t, err
	}
	t.selector = s
	switch {
	case p.word("IS"):
		for _, w := range []string{"TRUE", "FALSE", "NULL"} {
			if p.word(w) {
				t.is = w
				return t, nil
			}
		}
		return t, p.errorf("IS without TRUE, FALSE or NULL")
	case p.word("NOT"):
		if !p.word("EXISTS") {
			return t, p.errorf("NOT without EXISTS")
		}
		t.is = "NOT EXISTS"
		return t, nil
	case p.word("EXISTS"):
		t.is = "EXISTS"
		return t, nil
	}
	t.cond, err = p.condition(func(c byte) bool { return !isBlank(c) && !strings.ContainsRune("})(&|", rune(c)) })
	return t, err
}

func (t memberTest) holds(subject any) bool {
	found := t.selector.find(subject)
	switch t.is {
	case "NOT EXISTS":
		return len(found) == 0
	case "EXISTS":
		return len(found) > 0
	}
	for _, v := range found {
		if t.one(v) {
			return true
		}
	}
	return false
}

// one holds one value against the test. Arrays and objects never match (LAM E12).
func (t memberTest) one(v any) bool {
	switch v := v.(type) {
	case bool:
		return v && t.is == "TRUE" || !v && t.is == "FALSE"
	case nil:
		return t.is == "NULL"
	case json.Number:
		n, err := v.Float64()
		return t.is == "" && err == nil && t.cond.numeric(n, v.String())
	case string:
		return t.is == "" && t.cond.text(v)
	}
	return false
}

// decode reads a line that is a JSON object or array, and nothing behind it.
func decode(line string) (any, bool) {
	trimmed := strings.TrimLeft(line, " \t\r\n")
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(trimmed))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || strings.TrimSpace(trimmed[d.InputOffset():]) != "" {
		return nil, false
	}
	return v, true
}

func (m *members) match(line string) bool {
	v, ok := decode(line)
	return ok && m.root.holds(v)
}

func (m *members) extract(line string) map[string]string {
	values := map[string]string{}
	v, ok := decode(line)
	if !ok {
		return values
	}
	for _, s := range m.selectors {
		if got, ok := s.scalar(v); ok {
			values[s.text] = got
		}
	}
	return values
}

func (m *members) value(line, text string) (string, bool) {
	p := &parser{text: text}
	s, err := p.selector()
	if err != nil || !p.done() {
		return "", false
	}
	v, ok := decode(line)
	if !ok {
		return "", false
	}
	return s.scalar(v)
}
