package pattern

import (
	"regexp"
	"strings"
)

// text is a pattern of terms.
type text struct {
	all  []term // each must hold
	any  []term // one must hold, where there are any
	none []term // none may hold
}

// term is a piece of text or a regular expression.
type term struct {
	literal string
	re      *regexp.Regexp
}

func (t term) in(line string) bool {
	if t.re != nil {
		return t.re.MatchString(line)
	}
	return strings.Contains(line, t.literal)
}

// terms reads a pattern of terms up to the end.
func (p *parser) terms() (matcher, error) {
	t := &text{}
	for p.blanks(); !p.done(); p.blanks() {
		list := &t.all
		switch p.peek() {
		case '?':
			list = &t.any
			p.at++
		case '-':
			list = &t.none
			p.at++
		}
		one, err := p.term()
		if err != nil {
			return nil, err
		}
		*list = append(*list, one)
	}
	if len(t.all)+len(t.none) > 0 {
		t.any = nil // a ? beside other terms has no effect (LAM E11)
	}
	return t, nil
}

func (p *parser) term() (term, error) {
	switch p.peek() {
	case '"':
		s, err := p.quoted()
		return term{literal: s}, err
	case '%':
		re, err := p.regexp()
		return term{re: re}, err
	}
	from := p.at
	s := p.while(isWord)
	if s == "" || !p.done() && !isBlank(p.peek()) {
		whole := p.text[from:p.at] + p.while(func(c byte) bool { return !isBlank(c) })
		p.at = from
		return term{}, p.errorf("invalid character(s) in term '%s': put it into quotation marks", whole)
	}
	return term{literal: s}, nil
}

func (t *text) match(line string) bool {
	for _, term := range t.all {
		if !term.in(line) {
			return false
		}
	}
	for _, term := range t.none {
		if term.in(line) {
			return false
		}
	}
	for _, term := range t.any {
		if term.in(line) {
			return true
		}
	}
	return len(t.any) == 0
}

func (t *text) extract(string) map[string]string { return map[string]string{} }

func (t *text) value(string, string) (string, bool) { return "", false }
