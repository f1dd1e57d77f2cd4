package pattern

import (
	"fmt"
	"strings"
)

// Pattern is a filter pattern, ready to match. It is safe for concurrent use.
type Pattern struct {
	text    string
	matcher matcher
}

// matcher is one kind of pattern.
type matcher interface {
	// match tries the pattern on a line.
	match(line string) bool
	// extract answers the values that the pattern names, by selector, of a line
	// that it matches.
	extract(line string) map[string]string
	// value answers the value of one selector of a line.
	value(line, selector string) (string, bool)
}

// maxRegexps is how many regular expressions a pattern may have.
const maxRegexps = 2

// Parse reads a pattern. Its errors say what is wrong at which byte.
func Parse(text string) (*Pattern, error) {
	p := &parser{text: text}
	p.skipBlanks()
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

// Extract answers the values of the fields or members that the pattern names, by
// selector: "$name" for a field, "$.member" for a member of JSON. ok is false
// when the line does not match.
func (p *Pattern) Extract(line string) (values map[string]string, ok bool) {
	if !p.matcher.match(line) {
		return nil, false
	}
	return p.matcher.extract(line), true
}

// Value answers what a selector finds in a line that matches: a field of the
// pattern by "$name", a number or string of JSON by "$.member".
func (p *Pattern) Value(line, selector string) (string, bool) {
	return p.matcher.value(line, selector)
}

// String is the pattern as it was written.
func (p *Pattern) String() string { return p.text }

// parser reads a pattern from left to right.
type parser struct {
	text    string
	pos     int
	regexps int
	depth   int
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("%s at character %d", fmt.Sprintf(format, args...), p.pos+1)
}

// peek is the next byte, or 0 at the end.
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

// take reads the given text, if it is next after blanks.
func (p *parser) take(s string) bool {
	p.skipBlanks()
	if !strings.HasPrefix(p.text[p.pos:], s) {
		return false
	}
	p.pos += len(s)
	return true
}

// takeWord reads a key word, if it is next after blanks and ends there.
func (p *parser) takeWord(s string) bool {
	p.skipBlanks()
	end := p.pos + len(s)
	if end > len(p.text) || !strings.EqualFold(p.text[p.pos:end], s) || end < len(p.text) && isWord(p.text[end]) {
		return false
	}
	p.pos = end
	return true
}

// takeWhile reads bytes as long as ok takes them.
func (p *parser) takeWhile(ok func(c byte) bool) string {
	from := p.pos
	for !p.done() && ok(p.text[p.pos]) {
		p.pos++
	}
	return p.text[from:p.pos]
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// parseQuoted reads a string in double quotes, the next byte, with \" and \\ in it.
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

	return "", p.errorf("a quotation without an end")
}
