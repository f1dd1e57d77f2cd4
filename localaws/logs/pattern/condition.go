package pattern

import (
	"regexp"
	"strconv"
	"strings"
)

// operator is a comparison.
type operator string

const (
	equal    operator = "="
	unequal  operator = "!="
	less     operator = "<"
	atMost   operator = "<="
	greater  operator = ">"
	atLeast  operator = ">="
	noSymbol operator = ""
)

// parseOperator reads an operator.
func (p *parser) parseOperator() operator {
	for _, op := range []operator{unequal, atMost, atLeast, equal, less, greater} {
		if p.take(string(op)) {
			return op
		}
	}
	return noSymbol
}

// condition holds a value against an operand.
type condition struct {
	op       operator
	literal  string         // the operand as written, without quotation marks
	parts    []string       // the operand, cut at its wildcards, where it has some
	re       *regexp.Regexp // the operand, where it is one
	number   float64
	isNumber bool
}

// parseCondition reads an operator and its operand. The operand, where it is neither
// quoted nor a regular expression, is as long as bare takes bytes.
func (p *parser) parseCondition(bare func(c byte) bool) (condition, error) {
	c := condition{op: p.parseOperator()}
	if c.op == noSymbol {
		return c, p.errorf("no comparison")
	}

	p.skipBlanks()
	switch p.peek() {
	case '%':
		re, err := p.parseRegexp()
		c.re = re
		if err != nil || c.op == equal || c.op == unequal {
			return c, err
		}
		return c, p.errorf("%s cannot compare with a regular expression", c.op)

	case '"':
		s, err := p.parseQuoted()
		if err != nil {
			return c, err
		}
		c.literal = s

	default:
		c.literal = p.takeWhile(bare)
		if c.literal == "" {
			return c, p.errorf("nothing to compare with")
		}
		n, err := strconv.ParseFloat(c.literal, 64)
		c.number = n
		c.isNumber = err == nil && looksNumeric(c.literal)
	}

	if c.op != equal && c.op != unequal && !c.isNumber {
		return c, p.errorf("%s compares with numbers only, not with '%s'", c.op, c.literal)
	}

	if strings.Contains(c.literal, "*") {
		c.parts = strings.Split(c.literal, "*")
	}

	return c, nil
}

// looksNumeric keeps out what ParseFloat takes and Logs does not: inf, nan, hex
// and underscores.
func looksNumeric(s string) bool {
	return strings.Trim(s, "0123456789+-.eE") == "" && strings.ContainsAny(s, "0123456789")
}

// matchText holds a string against the operand.
func (c *condition) matchText(s string) bool {
	switch c.op {
	case equal:
		return c.equalText(s)
	case unequal:
		return !c.equalText(s)
	}
	return false
}

func (c *condition) equalText(s string) bool {
	switch {
	case c.re != nil:
		return c.re.MatchString(s)
	case c.parts != nil:
		return matchWildcard(s, c.parts)
	}
	return s == c.literal
}

// matchNumber holds a number against the operand; written is how it was written.
func (c *condition) matchNumber(n float64, written string) bool {
	if !c.isNumber {
		return c.matchText(written)
	}

	switch c.op {
	case equal:
		return n == c.number
	case unequal:
		return n != c.number
	case less:
		return n < c.number
	case atMost:
		return n <= c.number
	case greater:
		return n > c.number
	}

	return n >= c.number
}

// matchWildcard reports whether s consists of the parts with anything between them.
func matchWildcard(s string, parts []string) bool {
	last := len(parts) - 1
	s, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}

	for _, part := range parts[1:last] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}

	return strings.HasSuffix(s, parts[last])
}
