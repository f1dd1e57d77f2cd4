package pattern

import (
	"regexp"
	"strconv"
	"strings"
)

// operator is a comparison operator.
type operator string

const (
	equal      operator = "="
	unequal    operator = "!="
	less       operator = "<"
	atMost     operator = "<="
	greater    operator = ">"
	atLeast    operator = ">="
	noOperator operator = ""
)

// parseOperator consumes an operator and returns it, or noOperator.
func (p *parser) parseOperator() operator {
	for _, op := range []operator{unequal, atMost, atLeast, equal, less, greater} {
		if p.take(string(op)) {
			return op
		}
	}
	return noOperator
}

// condition compares a value with an operand.
type condition struct {
	op       operator
	literal  string         // the operand as written, without quotation marks
	parts    []string       // the operand split at its wildcards, if it has any
	re       *regexp.Regexp // the operand, if it is a regular expression
	number   float64        // the operand, if isNumber
	isNumber bool
}

// parseCondition parses an operator and its operand. An operand that is neither
// quoted nor a regular expression consists of bytes for which unquoted returns
// true.
func (p *parser) parseCondition(unquoted func(c byte) bool) (condition, error) {
	c := condition{op: p.parseOperator()}
	if c.op == noOperator {
		return c, p.errorf("missing comparison operator")
	}

	p.skipBlanks()
	switch p.peek() {
	case '%':
		re, err := p.parseRegexp()
		c.re = re
		if err != nil || c.op == equal || c.op == unequal {
			return c, err
		}
		return c, p.errorf("operator %s does not support regular expressions", c.op)

	case '"':
		s, err := p.parseQuoted()
		if err != nil {
			return c, err
		}
		c.literal = s

	default:
		c.literal = p.takeWhile(unquoted)
		if c.literal == "" {
			return c, p.errorf("missing operand")
		}
		n, err := strconv.ParseFloat(c.literal, 64)
		c.number = n
		c.isNumber = err == nil && looksNumeric(c.literal)
	}

	// Order is defined for numbers only.
	if c.op != equal && c.op != unequal && !c.isNumber {
		return c, p.errorf("operator %s needs a number, not '%s'", c.op, c.literal)
	}

	if strings.Contains(c.literal, "*") {
		c.parts = strings.Split(c.literal, "*")
	}

	return c, nil
}

// looksNumeric excludes numbers that ParseFloat accepts and Logs does not: inf,
// nan, hexadecimal and underscores.
func looksNumeric(s string) bool {
	// A sign, point or exponent alone is not a number.
	return strings.Trim(s, "0123456789+-.eE") == "" && strings.ContainsAny(s, "0123456789")
}

// matchText reports whether a string meets the condition.
func (c *condition) matchText(s string) bool {
	switch c.op {
	case equal:
		return c.equalText(s)
	case unequal:
		return !c.equalText(s)
	}
	return false
}

// equalText reports whether a string equals the operand or matches its pattern.
func (c *condition) equalText(s string) bool {
	switch {
	case c.re != nil:
		return c.re.MatchString(s)
	case c.parts != nil:
		return matchWildcard(s, c.parts)
	}
	return s == c.literal
}

// matchNumber reports whether a number meets the condition. written is its text in
// the event.
func (c *condition) matchNumber(n float64, written string) bool {
	// An operand that is text is compared with the number as written.
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

	// The first occurrence leaves the most text for the parts that follow.
	for _, part := range parts[1:last] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}

	return strings.HasSuffix(s, parts[last])
}
