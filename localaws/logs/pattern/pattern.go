package pattern

import (
	"fmt"
	"strings"
)

// Pattern is a parsed filter pattern. It is safe for concurrent use.
type Pattern struct {
	text    string
	matcher matcher
}

// matcher is one kind of pattern.
type matcher interface {
	// match reports whether a line matches.
	match(line string) bool
	// extract returns the values that the pattern names, by selector, from a line
	// that matches.
	extract(line string) map[string]string
	// value returns the value of a selector from a line.
	value(line, selector string) (string, bool)
}

// maxRegexps is the most regular expressions in a pattern.
const maxRegexps = 2

// Parse parses a pattern. Its errors have the position of the problem, counted in
// bytes from 1.
func Parse(text string) (*Pattern, error) {
	p := &parser{text: text}
	p.skipBlanks()

	// The first character decides the kind of pattern.
	var m matcher
	var err error
	switch p.peek() {
	case '{':
		m, err = p.parseJSON()
	case '[':
		m, err = p.parseFields()
	default:
		m, err = p.parseTerms()
	}

	if err != nil {
		return nil, err
	}

	return &Pattern{text: text, matcher: m}, nil
}

// Match reports whether a line matches.
func (p *Pattern) Match(line string) bool { return p.matcher.match(line) }

// Extract returns the values of the fields or members that the pattern names, by
// selector: "$name" for a field, "$.member" for a member of JSON. ok is false if
// the line does not match.
func (p *Pattern) Extract(line string) (values map[string]string, ok bool) {
	if !p.matcher.match(line) {
		return nil, false
	}
	return p.matcher.extract(line), true
}

// Value returns the value of a selector from a line that matches: "$name" selects a
// field of the pattern, "$.member" a number or string of JSON.
func (p *Pattern) Value(line, selector string) (string, bool) {
	return p.matcher.value(line, selector)
}

// String returns the pattern as it was written.
func (p *Pattern) String() string { return p.text }

// parser parses a pattern from left to right.
type parser struct {
	text    string
	pos     int // position of the next byte
	regexps int // number of regular expressions so far
	depth   int // current nesting of parentheses
}

// errorf returns an error with the current position.
func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("%s at character %d", fmt.Sprintf(format, args...), p.pos+1)
}

// peek returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) done() bool { return p.pos >= len(p.text) }

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (p *parser) skipBlanks() {
	for !p.done() && isBlank(p.text[p.pos]) {
		p.pos++
	}
}

// take consumes s if it is next, after blanks.
func (p *parser) take(s string) bool {
	p.skipBlanks()
	if !strings.HasPrefix(p.text[p.pos:], s) {
		return false
	}
	p.pos += len(s)
	return true
}

// takeWord consumes a keyword, in any case, if it is next after blanks.
func (p *parser) takeWord(s string) bool {
	p.skipBlanks()

	// A longer word that starts with s is another word.
	end := p.pos + len(s)
	if end > len(p.text) || !strings.EqualFold(p.text[p.pos:end], s) || end < len(p.text) && isWord(p.text[end]) {
		return false
	}
	p.pos = end
	return true
}

// takeWhile consumes bytes while accept returns true for them, and returns them.
func (p *parser) takeWhile(accept func(c byte) bool) string {
	from := p.pos
	for !p.done() && accept(p.text[p.pos]) {
		p.pos++
	}
	return p.text[from:p.pos]
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// parseQuoted parses a string in double quotation marks, which starts at the next
// byte. \" and \\ are escapes.
func (p *parser) parseQuoted() (string, error) {
	var b strings.Builder
	for i := p.pos + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.pos = i + 1
			return b.String(), nil
		case c == '\\' && i+1 < len(p.text) && (p.text[i+1] == '"' || p.text[i+1] == '\\'):
			i++
			b.WriteByte(p.text[i])
		default:
			b.WriteByte(c)
		}
	}

	return "", p.errorf("missing closing quotation mark")
}
