package metricmath

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits of an expression: levels of nesting, and length in bytes.
const (
	maxDepth  = 50
	maxLength = 2048
)

// Expression is a parsed metric math expression. It is safe for concurrent use.
type Expression struct {
	text string
	root node
	ids  []string
}

// String returns the expression as it was written.
func (e *Expression) String() string { return e.text }

// IDs returns the ids of the queries that the expression uses, in the order of
// their first use.
func (e *Expression) IDs() []string { return e.ids }

// Parse parses an expression. It refuses functions that are not supported, by name.
func Parse(text string) (*Expression, error) {
	if len(text) > maxLength {
		return nil, fmt.Errorf("expression is longer than %d characters", maxLength)
	}

	p := &parser{rest: text, text: text}
	root, err := p.binary(0)
	if err != nil {
		return nil, err
	}

	// The expression must be all of the text.
	if p.skipSpace(); p.rest != "" {
		return nil, p.errorf("unexpected %q", p.rest[:1])
	}

	return &Expression{text, root, p.ids}, nil
}

// parser parses an expression by recursive descent.
type parser struct {
	text  string
	rest  string // not parsed yet
	depth int    // current nesting, in calls of binary and unary
	ids   []string
}

// errorf returns an error with the current position.
func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("%s at character %d", fmt.Sprintf(format, args...), len(p.text)-len(p.rest)+1)
}

func (p *parser) skipSpace() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take consumes s if it is next, after white space.
func (p *parser) take(s string) bool {
	p.skipSpace()
	rest, ok := strings.CutPrefix(p.rest, s)
	if ok {
		p.rest = rest
	}
	return ok
}

// levels are the binary operators by precedence, lowest first.
var levels = [][]string{{"||", "OR"}, {"&&", "AND"}, {"==", "!=", "<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/"}, {"^"}}

// binary parses operators of at least the given level of precedence, and their
// operands.
func (p *parser) binary(level int) (node, error) {
	if level == len(levels) {
		return p.unary()
	}
	if p.depth++; p.depth > maxDepth*len(levels) {
		return nil, p.errorf("nesting is too deep")
	}

	defer func() { p.depth-- }()

	// Operators of the same level associate to the left.
	left, err := p.binary(level + 1)
	for err == nil {
		op := p.operator(levels[level])
		if op == "" {
			return left, nil
		}
		var right node
		right, err = p.binary(level + 1)
		left = operation{operators[op], left, right}
	}

	return left, err
}

// operator consumes one of the given operators and returns it, or "" if none is
// next. AND and OR must not be the start of a longer word.
func (p *parser) operator(list []string) string {
	p.skipSpace()
	for _, op := range list {
		rest, ok := strings.CutPrefix(p.rest, op)
		if ok && (op[0] < 'A' || op[0] > 'Z' || rest == "" || !isWord(rest[0])) {
			p.rest = rest
			return op
		}
	}
	return ""
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// unary parses a number, an id, a call, an array or a parenthesized expression,
// with any number of minus signs before it.
func (p *parser) unary() (node, error) {
	if p.depth++; p.depth > maxDepth*len(levels) {
		return nil, p.errorf("nesting is too deep")
	}

	defer func() { p.depth-- }()

	switch {
	case p.take("-"):
		of, err := p.unary()
		return negative{of}, err
	case p.take("("):
		inner, err := p.binary(0)
		if err == nil && !p.take(")") {
			err = p.errorf("missing )")
		}
		return inner, err

	case p.take("["):
		items, err := p.list("]")
		return array{items}, err
	}

	// The rest starts with a word; one before "(" is a function.
	word := p.word()
	switch c := word + " "; {
	case word == "":
		return nil, p.errorf("missing operand")
	case c[0] >= '0' && c[0] <= '9' || c[0] == '.':
		n, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil, p.errorf("%q is not a number", word)
		}
		return literal{n}, nil

	case p.take("("):
		return p.call(word)
	case c[0] < 'a' || c[0] > 'z':
		return nil, p.errorf("%q is neither an id nor a function call", word)
	}

	if !slices.Contains(p.ids, word) {
		p.ids = append(p.ids, word)
	}

	return reference{word}, nil
}

// word consumes an id, a function's name or a number.
func (p *parser) word() string {
	p.skipSpace()
	n := 0
	for n < len(p.rest) && (isWord(p.rest[n]) || p.rest[n] == '.') {
		n++
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word
}

// list parses expressions separated by commas, up to the given end.
func (p *parser) list(end string) ([]node, error) {
	var items []node
	if p.take(end) {
		return items, nil
	}

	for {
		item, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if p.take(end) {
			return items, nil
		}
		if !p.take(",") {
			return nil, p.errorf("missing , or %s", end)
		}
	}
}

// call parses the arguments of a function and checks their number.
func (p *parser) call(name string) (node, error) {
	switch name {
	case "METRICS":
		return p.metrics()
	case "FILL":
		return p.fill()
	}

	f, ok := functions[name]
	if !ok {
		return nil, fmt.Errorf("the embedded AWS does not support function %s in metric math", name)
	}

	args, err := p.list(")")
	if err != nil {
		return nil, err
	}
	if len(args) != f.args {
		return nil, p.errorf("%s takes %d arguments, not %d", name, f.args, len(args))
	}

	return call{name, f.apply, args}, nil
}

// metrics parses the rest of METRICS() or METRICS("part of an id").
func (p *parser) metrics() (node, error) {
	part := ""
	if p.take(`"`) {
		text, rest, ok := strings.Cut(p.rest, `"`)
		if !ok {
			return nil, p.errorf("missing closing quotation mark")
		}
		part = text
		p.rest = rest
	}

	if !p.take(")") {
		return nil, p.errorf("missing ) after METRICS")
	}
	return metrics{part}, nil
}

// fill parses the rest of FILL(series, number, series or REPEAT).
func (p *parser) fill() (node, error) {
	of, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if !p.take(",") {
		return nil, p.errorf("FILL takes 2 arguments")
	}

	// The second argument is a keyword or an expression.
	f := fill{of: of}
	switch {
	case p.take("REPEAT"):
		f.repeat = true
	case p.take("LINEAR"):
		return nil, fmt.Errorf("the embedded AWS does not support LINEAR in FILL")
	default:
		if f.with, err = p.binary(0); err != nil {
			return nil, err
		}
	}

	// All forms end here.
	if !p.take(")") {
		return nil, p.errorf("missing ) after FILL")
	}

	return f, nil
}
