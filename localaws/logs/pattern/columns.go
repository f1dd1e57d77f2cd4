package pattern

import (
	"strconv"
	"strings"
)

// columns is a pattern of the fields of a line.
type columns struct {
	before []column
	after  []column // behind the ellipsis
	open   bool     // there is an ellipsis
}

// column is one field: its name and what must hold for it.
type column struct {
	name string
	test expression // nil where anything does
}

// expression is a tree of conditions on one subject.
type expression interface {
	holds(subject any) bool
}

type both struct{ left, right expression }
type either struct{ left, right expression }

func (e both) holds(s any) bool   { return e.left.holds(s) && e.right.holds(s) }
func (e either) holds(s any) bool { return e.left.holds(s) || e.right.holds(s) }

// columns reads a pattern in brackets.
func (p *parser) columns() (matcher, error) {
	p.at++
	c := &columns{}
	for {
		p.blanks()
		if p.take("...") {
			if c.open {
				return nil, p.errorf("more than one ellipsis")
			}
			c.open = true
		} else {
			one, err := p.column()
			if err != nil {
				return nil, err
			}
			if c.open {
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
	if p.blanks(); !p.done() {
		return nil, p.errorf("text behind the pattern")
	}
	return c, nil
}

func (p *parser) column() (column, error) {
	from := p.at
	for p.take("(") {
	}
	c := column{name: p.while(isName)}
	p.blanks()
	if p.done() || p.peek() == ',' || p.peek() == ']' {
		if from+len(c.name) > p.at {
			return c, p.errorf("a parenthesis without a comparison")
		}
		return c, nil
	}
	p.at = from
	test, err := p.either(func(p *parser) (expression, error) { return p.fieldTest(c.name) })
	c.test = test
	return c, err
}

// isName tells the bytes of a field's name.
func isName(c byte) bool { return isWord(c) || c == '-' || c == '.' || c == '*' || c == '$' }

// fieldTest reads a comparison of the field with the given name.
func (p *parser) fieldTest(name string) (expression, error) {
	p.blanks()
	if got := p.while(isName); got != name {
		return nil, p.errorf("field '%s' within the comparison of field '%s'", got, name)
	}
	c, err := p.condition(func(c byte) bool { return !isBlank(c) && !strings.ContainsRune(",])(&|", rune(c)) })
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
			return f.numeric(n, s)
		}
		return f.op == unequal
	}
	return f.text(s)
}

// fields cuts a line at blanks. What stands in quotation marks or brackets is one
// field, without them.
func fields(line string) []string {
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

// assign lays the columns over a line's fields and answers the fields of before
// and of after, or ok false where their numbers do not fit.
func (c *columns) assign(line string) (before, after []string, ok bool) {
	got := fields(line)
	n, m := len(c.before), len(c.after)
	if len(got) < n+m || len(got) > n+m && !c.open {
		return nil, nil, false
	}
	return got[:n], got[len(got)-m:], true
}

func (c *columns) match(line string) bool {
	before, after, ok := c.assign(line)
	return ok && hold(c.before, before) && hold(c.after, after)
}

func hold(columns []column, fields []string) bool {
	for i, c := range columns {
		if c.test != nil && !c.test.holds(fields[i]) {
			return false
		}
	}
	return true
}

func (c *columns) extract(line string) map[string]string {
	values := map[string]string{}
	before, after, _ := c.assign(line)
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
func (c column) selector(index int) string {
	if c.name == "" {
		return "$" + strconv.Itoa(index+1)
	}
	return "$" + c.name
}

func (c *columns) value(line, selector string) (string, bool) {
	v, ok := c.extract(line)[selector]
	return v, ok
}
