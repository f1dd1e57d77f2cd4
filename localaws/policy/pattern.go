package policy

import (
	"strings"
	"unicode/utf8"
)

// A pattern's text as runes, with these for what is not text.
const (
	anyText rune = -1 // *: any text, also none
	oneRune rune = -2 // ?: one character
)

// pattern is text with wildcards and variables.
type pattern struct {
	runes []rune // where there are no variables
	parts []part // where there are
	fold  bool   // compare without case
	arn   bool   // a resource: its wildcards keep to the parts of an ARN
}

// part is a piece of a pattern: runes, or a variable.
type part struct {
	runes    []rune
	variable string // a condition key, in lower case
	fallback *string
}

// newPattern compiles s. Variables and the escapes ${*}, ${?} and ${$} stand for
// something only in version 2012-10-17 (LAM D18).
func newPattern(s, version string, wild, fold bool) pattern {
	p := pattern{fold: fold}
	if fold {
		s = strings.ToLower(s)
	}
	for s != "" {
		if version == current && strings.HasPrefix(s, "${") {
			if end := strings.IndexByte(s, '}'); end > 0 {
				p.variable(s[2:end])
				s = s[end+1:]
				continue
			}
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case wild && r == '*':
			r = anyText
		case wild && r == '?':
			r = oneRune
		}
		p.runes = append(p.runes, r)
	}
	if p.parts != nil && p.runes != nil {
		p.parts = append(p.parts, part{runes: p.runes})
	}
	return p
}

// newResource compiles an ARN of a statement's Resource. Parts that are missing at
// its end count as * (IAM E53).
func newResource(s, version string) pattern {
	if s == "*" {
		return newPattern(s, version, true, false)
	}
	if missing := 5 - strings.Count(s, ":"); missing > 0 && !strings.HasSuffix(s, "*") {
		s += strings.Repeat(":*", missing)
	}
	p := newPattern(s, version, true, false)
	p.arn = true
	return p
}

// variable takes what stands between ${ and }.
func (p *pattern) variable(s string) {
	if s == "*" || s == "?" || s == "$" {
		p.runes = append(p.runes, rune(s[0]))
		return
	}
	v := part{variable: strings.ToLower(strings.TrimSpace(s))}
	if name, fallback, ok := strings.Cut(s, ","); ok {
		fallback = strings.Trim(strings.TrimSpace(fallback), "'")
		v.variable, v.fallback = strings.ToLower(strings.TrimSpace(name)), &fallback
	}
	if p.runes != nil {
		p.parts = append(p.parts, part{runes: p.runes})
		p.runes = nil
	}
	p.parts = append(p.parts, v)
}

// expand puts values in place of variables. A value is text: its stars are no
// wildcards.
func (p *pattern) expand(r *Request) (runes []rune, ok bool) {
	if p.parts == nil {
		return p.runes, true
	}
	for _, part := range p.parts {
		if part.variable == "" {
			runes = append(runes, part.runes...)
			continue
		}
		values := r.values(part.variable)
		switch {
		case len(values) == 1:
			runes = append(runes, []rune(values[0])...)
		case part.fallback != nil:
			runes = append(runes, []rune(*part.fallback)...)
		default:
			return nil, false
		}
	}
	return runes, true
}

func (p *pattern) match(s string, r *Request) bool {
	runes, ok := p.expand(r)
	if !ok {
		return false
	}
	if p.fold {
		s = strings.ToLower(s)
	}
	if p.arn {
		return globResource(runes, s)
	}
	return glob(runes, s)
}

// MatchAction reports whether a pattern with * and ? matches the name of an action,
// whatever the case.
func MatchAction(text, action string) bool {
	p := newPattern(text, legacy, true, true)
	return p.match(action, nil)
}

// glob matches in time of at most the product of both lengths: it remembers the
// last * alone.
func glob(p []rune, s string) bool {
	at, star, from := 0, -1, 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case at < len(p) && p[at] == anyText:
			star, from = at, i
			at++
		case at < len(p) && (p[at] == oneRune || p[at] == r):
			at++
			i += n
		case star >= 0:
			_, n = utf8.DecodeRuneInString(s[from:])
			from += n
			at, i = star+1, from
		default:
			return false
		}
	}
	for at < len(p) && p[at] == anyText {
		at++
	}
	return at == len(p)
}

// globResource matches an ARN of Resource (IAM E16). Before the fifth colon a
// wildcard stays within its part, but for a * at the end of one, which may go on.
// It takes time of the product of both lengths.
func globResource(p []rune, s string) bool {
	var room [2][256]bool // for most ARNs
	reached, next := room[0][:], room[1][:]
	if len(s) >= len(reached) {
		reached, next = make([]bool, len(s)+1), make([]bool, len(s)+1)
	}
	reached, next = reached[:len(s)+1], next[:len(s)+1]

	// reached[j] reports that the pattern so far matches s[:j].
	reached[0] = true
	colons := 0
	for i, r := range p {
		within := colons < 5 // a wildcard must not go past a colon
		switch r {
		case anyText:
			crosses := !within || i == len(p)-1 || p[i+1] == ':'
			next[0] = reached[0]
			for j := range len(s) {
				next[j+1] = reached[j+1] || next[j] && (crosses || s[j] != ':')
			}
		default:
			clear(next)
			for j := 0; j < len(s); {
				c, width := utf8.DecodeRuneInString(s[j:])
				if reached[j] && (c == r || r == oneRune && (!within || c != ':')) {
					next[j+width] = true
				}
				j += width
			}
			if r == ':' {
				colons++
			}
		}
		reached, next = next, reached
	}
	return reached[len(s)]
}

// globARN matches an ARN segment by segment, so that no wildcard reaches over a
// colon, but for the last (LAM D20).
func globARN(p []rune, s string) bool {
	have := strings.SplitN(s, ":", 6)
	var want [][]rune
	for len(want) < 5 {
		i := indexRune(p, ':')
		if i < 0 {
			break
		}
		want, p = append(want, p[:i]), p[i+1:]
	}
	want = append(want, p)
	if len(want) == 1 && len(want[0]) == 1 && want[0][0] == anyText {
		return true
	}
	if len(want) != 6 || len(have) != 6 {
		return false
	}
	for i := range want {
		if !glob(want[i], have[i]) {
			return false
		}
	}
	return true
}

func indexRune(p []rune, r rune) int {
	for i := range p {
		if p[i] == r {
			return i
		}
	}
	return -1
}
