package pattern

import (
	"strconv"
	"strings"
)

// fieldsPattern is a pattern of the fields of a line.
type fieldsPattern struct {
	before   []fieldTerm
	after    []fieldTerm // behind the ellipsis
	ellipsis bool        // there is an ellipsis
}

// fieldTerm is one field: its name and what must hold for it.
type fieldTerm struct {
	name string
	test expression // nil where anything does
}

// expression is a tree of conditions on one subject.
type expression interface {
	holds(subject any) bool
}

type andExpression struct{ left, right expression }
type orExpression struct{ left, right expression }

func (e andExpression) holds(s any) bool { return e.left.holds(s) && e.right.holds(s) }
func (e orExpression) holds(s any) bool  { return e.left.holds(s) || e.right.holds(s) }

// parseFields reads a pattern in brackets.
func (p *parser) parseFields() (matcher, error) {
	p.pos++
	c := &fieldsPattern{}
	for {
		p.skipBlanks()
		if p.take("...") {
			if c.ellipsis {
				return nil, p.errorf("more than one ellipsis")
			}
			c.ellipsis = true
		} else {
			one, err := p.parseField()
			if err != nil {
				return nil, err
			}
			if c.ellipsis {
				c.after = append(c.after, one)
			} else {
				c.before = append(c.before, one)
			}
		}

		if p.take("]") {
			break
		}
		if !p.take(",") {
			return nil, p.errorf("a field without , or ] behind it")
		}
	}

	if p.skipBlanks(); !p.done() {
		return nil, p.errorf("text behind the pattern")
	}

	return c, nil
}

func (p *parser) parseField() (fieldTerm, error) {
	from := p.pos
	for p.take("(") {
	}
	c := fieldTerm{name: p.takeWhile(isName)}
	p.skipBlanks()
	if p.done() || p.peek() == ',' || p.peek() == ']' {
		if from+len(c.name) > p.pos {
			return c, p.errorf("a parenthesis without a comparison")
		}
		return c, nil
	}

	p.pos = from
	test, err := p.parseOr(func(p *parser) (expression, error) { return p.parseFieldTest(c.name) })
	c.test = test
	return c, err
}

// isName tells the bytes of a field's name.
func isName(c byte) bool { return isWord(c) || c == '-' || c == '.' || c == '*' || c == '$' }

// parseFieldTest reads a comparison of the field with the given name.
func (p *parser) parseFieldTest(name string) (expression, error) {
	p.skipBlanks()
	if got := p.takeWhile(isName); got != name {
		return nil, p.errorf("field '%s' within the comparison of field '%s'", got, name)
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
	if f.isNumber {
		n, err := strconv.ParseFloat(s, 64)
		if err == nil && looksNumeric(s) {
			return f.matchNumber(n, s)
		}
		return f.op == unequal
	}
	return f.matchText(s)
}

// splitFields cuts a line at blanks. What stands in quotation marks or brackets is one
// field, without them.
func splitFields(line string) []string {
	var out []string
	for i := 0; i < len(line); {
		if isBlank(line[i]) {
			i++
			continue
		}

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

// assignFields lays the columns over a line's fields and answers the fields of before
// and of after, or ok false where their numbers do not fit.
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

func allHold(columns []fieldTerm, fields []string) bool {
	for i, c := range columns {
		if c.test != nil && !c.test.holds(fields[i]) {
			return false
		}
	}
	return true
}

func (c *fieldsPattern) extract(line string) map[string]string {
	values := map[string]string{}
	before, after, _ := c.assignFields(line)
	for i, f := range before {
		values[c.before[i].selector(i)] = f
	}
	for i, f := range after {
		values[c.after[i].selector(len(before)+i)] = f
	}
	return values
}

// selector is the name that a field's value has; a field without a name is
// called by its number from 1.
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
