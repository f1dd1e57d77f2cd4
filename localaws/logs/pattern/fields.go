package pattern

import (
	"strconv"
	"strings"
)

// fieldsPattern is a pattern of the fields of a line.
type fieldsPattern struct {
	before   []fieldTerm
	after    []fieldTerm // fields after the ellipsis
	ellipsis bool        // the pattern has an ellipsis
}

// fieldTerm is a field of a pattern.
type fieldTerm struct {
	name string
	test expression // nil: any value matches
}

// expression is a condition, or a combination of conditions, on one subject: the
// value of a field, or a decoded line.
type expression interface {
	holds(subject any) bool
}

type andExpression struct{ left, right expression }
type orExpression struct{ left, right expression }

func (e andExpression) holds(s any) bool { return e.left.holds(s) && e.right.holds(s) }
func (e orExpression) holds(s any) bool  { return e.left.holds(s) || e.right.holds(s) }

// parseFields parses a pattern in brackets.
func (p *parser) parseFields() (matcher, error) {
	p.pos++
	c := &fieldsPattern{}
	for {
		p.skipBlanks()

		// Fields before and after an ellipsis are counted from their end of the line.
		if p.take("...") {
			if c.ellipsis {
				return nil, p.errorf("more than one ...")
			}
			c.ellipsis = true
		} else {
			field, err := p.parseField()
			if err != nil {
				return nil, err
			}
			if c.ellipsis {
				c.after = append(c.after, field)
			} else {
				c.before = append(c.before, field)
			}
		}

		if p.take("]") {
			break
		}
		if !p.take(",") {
			return nil, p.errorf("missing , or ] after a field")
		}
	}

	if p.skipBlanks(); !p.done() {
		return nil, p.errorf("unexpected text after the pattern")
	}

	return c, nil
}

// parseField parses a name, or a comparison that starts with the name.
func (p *parser) parseField() (fieldTerm, error) {
	// The name comes first, possibly after parentheses. If a comparison follows, parse
	// both again from the start.
	from := p.pos
	parentheses := 0
	for p.take("(") {
		parentheses++
	}
	c := fieldTerm{name: p.takeWhile(isName)}
	p.skipBlanks()
	if p.done() || p.peek() == ',' || p.peek() == ']' {
		if parentheses > 0 {
			return c, p.errorf("missing comparison in parentheses")
		}
		return c, nil
	}

	p.pos = from
	test, err := p.parseOr(func(p *parser) (expression, error) { return p.parseFieldTest(c.name) })
	c.test = test
	return c, err
}

// isName reports whether c can be part of a field's name.
func isName(c byte) bool { return isWord(c) || c == '-' || c == '.' || c == '*' || c == '$' }

// parseFieldTest parses a comparison of the field with the given name.
func (p *parser) parseFieldTest(name string) (expression, error) {
	p.skipBlanks()
	if got := p.takeWhile(isName); got != name {
		return nil, p.errorf("field '%s' in the comparison of field '%s'", got, name)
	}
	c, err := p.parseCondition(func(c byte) bool { return !isBlank(c) && !strings.ContainsRune(",])(&|", rune(c)) })
	if err != nil {
		return nil, err
	}
	return fieldTest{c}, nil
}

type fieldTest struct{ condition }

func (f fieldTest) holds(subject any) bool {
	s := subject.(string)

	// A value that is not a number is unequal to any number.
	if f.isNumber {
		n, err := strconv.ParseFloat(s, 64)
		if err == nil && looksNumeric(s) {
			return f.matchNumber(n, s)
		}
		return f.op == unequal
	}
	return f.matchText(s)
}

// splitFields splits a line at blanks. Text in quotation marks or brackets is one
// field, without them.
func splitFields(line string) []string {
	var out []string
	for i := 0; i < len(line); {
		if isBlank(line[i]) {
			i++
			continue
		}

		// Without a closing mark, the opening one is part of an ordinary field.
		closing := map[byte]byte{'"': '"', '[': ']'}[line[i]]
		if end := strings.IndexByte(line[i+1:], closing); closing != 0 && end >= 0 {
			out = append(out, line[i+1:i+1+end])
			i += end + 2
			continue
		}

		from := i
		for i < len(line) && !isBlank(line[i]) {
			i++
		}

		out = append(out, line[from:i])
	}

	return out
}

// assignFields returns the fields of a line for before and for after. ok is false
// if the numbers do not match.
func (c *fieldsPattern) assignFields(line string) (before, after []string, ok bool) {
	got := splitFields(line)
	n := len(c.before)
	m := len(c.after)
	if len(got) < n+m || len(got) > n+m && !c.ellipsis {
		return nil, nil, false
	}
	return got[:n], got[len(got)-m:], true
}

func (c *fieldsPattern) match(line string) bool {
	before, after, ok := c.assignFields(line)
	return ok && allHold(c.before, before) && allHold(c.after, after)
}

// allHold reports whether all fields match.
func allHold(terms []fieldTerm, fields []string) bool {
	for i, t := range terms {
		if t.test != nil && !t.test.holds(fields[i]) {
			return false
		}
	}
	return true
}

func (c *fieldsPattern) extract(line string) map[string]string {
	values := map[string]string{}
	before, after, _ := c.assignFields(line)

	// A field without a name has its number, counted over the whole pattern.
	for i, f := range before {
		values[c.before[i].selector(i)] = f
	}
	for i, f := range after {
		values[c.after[i].selector(len(before)+i)] = f
	}
	return values
}

// selector returns the selector of the field's value. A field without a name is
// numbered from 1.
func (c fieldTerm) selector(index int) string {
	if c.name == "" {
		return "$" + strconv.Itoa(index+1)
	}
	return "$" + c.name
}

func (c *fieldsPattern) value(line, selector string) (string, bool) {
	v, ok := c.extract(line)[selector]
	return v, ok
}
