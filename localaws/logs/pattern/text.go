package pattern

import (
	"regexp"
	"strings"
)

// textPattern is a pattern of terms.
type textPattern struct {
	required []term // all must match
	optional []term // one must match, if there are any
	excluded []term // none may match
}

// term is a text or a regular expression.
type term struct {
	literal string
	re      *regexp.Regexp
}

// matches reports whether the line contains the term.
func (t term) matches(line string) bool {
	if t.re != nil {
		return t.re.MatchString(line)
	}
	return strings.Contains(line, t.literal)
}

// parseTerms parses a pattern of terms, up to the end.
func (p *parser) parseTerms() (matcher, error) {
	t := &textPattern{}
	for p.skipBlanks(); !p.done(); p.skipBlanks() {
		list := &t.required
		switch p.peek() {
		case '?':
			list = &t.optional
			p.pos++
		case '-':
			list = &t.excluded
			p.pos++
		}

		one, err := p.parseTerm()
		if err != nil {
			return nil, err
		}

		*list = append(*list, one)
	}

	if len(t.required)+len(t.excluded) > 0 {
		t.optional = nil // beside other terms, ? has no effect (LAM E11)
	}

	return t, nil
}

// parseTerm parses a term without its prefix.
func (p *parser) parseTerm() (term, error) {
	switch p.peek() {
	case '"':
		s, err := p.parseQuoted()
		return term{literal: s}, err
	case '%':
		re, err := p.parseRegexp()
		return term{re: re}, err
	}

	// A term without quotation marks is a word; for the error, find its end.
	from := p.pos
	s := p.takeWhile(isWord)
	if s == "" || !p.done() && !isBlank(p.peek()) {
		whole := p.text[from:p.pos] + p.takeWhile(func(c byte) bool { return !isBlank(c) })
		p.pos = from
		return term{}, p.errorf("invalid character(s) in term '%s': use quotation marks", whole)
	}

	return term{literal: s}, nil
}

func (t *textPattern) match(line string) bool {
	for _, term := range t.required {
		if !term.matches(line) {
			return false
		}
	}

	// A line with an excluded term never matches.
	for _, term := range t.excluded {
		if term.matches(line) {
			return false
		}
	}

	for _, term := range t.optional {
		if term.matches(line) {
			return true
		}
	}

	return len(t.optional) == 0
}

func (t *textPattern) extract(string) map[string]string { return map[string]string{} }

func (t *textPattern) value(string, string) (string, bool) { return "", false }
