package policy

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Wildcards among the runes of a pattern.
const (
	manyRunes rune = -1 // *: any text, also none
	oneRune   rune = -2 // ?: one character
)

// pattern is text with wildcards and variables.
type pattern struct {
	runes []rune // of a pattern without variables
	parts []part // of a pattern with variables
	fold  bool   // compare without case
	arn   bool   // a resource: wildcards match within a part of an ARN (IAM E16)
}

// part is a piece of a pattern: runes, or a variable.
type part struct {
	runes    []rune
	variable string  // a condition key, in lower case
	fallback *string // the text for a variable without a value; nil for none
}

// newPattern compiles s. If wild is set, * and ? are wildcards; if fold is set, case
// does not matter. Variables and the escapes ${*}, ${?} and ${$} exist only in
// version 2012-10-17 (LAM D18).
func newPattern(s, version string, wild, fold bool) pattern {
	p := pattern{fold: fold}
	if fold {
		s = strings.ToLower(s)
	}

	for s != "" {
		// A variable or an escape.
		if version == version2012 && strings.HasPrefix(s, "${") {
			if end := strings.IndexByte(s, '}'); end > 0 {
				p.variable(s[2:end])
				s = s[end+1:]
				continue
			}
		}

		// Text or a wildcard.
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case wild && r == '*':
			r = manyRunes
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

// newResource compiles an ARN of the element Resource. Missing parts at its end count
// as * (IAM E53).
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

// variable adds the variable or the escape between ${ and }.
func (p *pattern) variable(s string) {
	if s == "*" || s == "?" || s == "$" {
		p.runes = append(p.runes, rune(s[0]))
		return
	}

	// ${key} or ${key, 'fallback'}.
	name, fallback, hasFallback := strings.Cut(s, ",")
	v := part{variable: strings.ToLower(strings.TrimSpace(name))}
	if hasFallback {
		fallback = strings.Trim(strings.TrimSpace(fallback), "'")
		v.fallback = &fallback
	}

	if p.runes != nil {
		p.parts = append(p.parts, part{runes: p.runes})
		p.runes = nil
	}
	p.parts = append(p.parts, v)
}

// expand returns the runes of the pattern, with the values of variables. A value is
// plain text: a * in it is no wildcard. It reports false for a variable that has not
// exactly one value and no fallback.
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

// match reports whether s matches the pattern, for request r.
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

// MatchAction reports whether the name of an action matches a pattern with * and ?,
// in any case.
func MatchAction(text, action string) bool {
	p := newPattern(text, version2008, true, true)
	return p.match(action, nil)
}

// glob reports whether s matches a pattern. Its time is at most the product of both
// lengths: after a mismatch it goes back to the last * only.
func glob(p []rune, s string) bool {
	at := 0    // position in p
	star := -1 // position in p of the last *
	from := 0  // position in s at which the text after the last * is tried

	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case at < len(p) && p[at] == manyRunes:
			star = at
			from = i
			at++
		case at < len(p) && (p[at] == oneRune || p[at] == r):
			at++
			i += n
		case star >= 0:
			// Let the last * match one more character.
			_, n = utf8.DecodeRuneInString(s[from:])
			from += n
			at = star + 1
			i = from
		default:
			return false
		}
	}

	// What is left of the pattern must match the empty text.
	for at < len(p) && p[at] == manyRunes {
		at++
	}
	return at == len(p)
}

// globResource reports whether an ARN matches a pattern of the element Resource
// (IAM E16). Before the fifth colon a wildcard matches within its part, except a * at
// the end of a part, which may match colons too. Its time is the product of both
// lengths.
func globResource(p []rune, s string) bool {
	// reached[j] reports whether the pattern so far matches s[:j]. The arrays on the
	// stack are large enough for most ARNs.
	var buffers [2][256]bool
	reached := buffers[0][:]
	next := buffers[1][:]
	if len(s) >= len(reached) {
		reached = make([]bool, len(s)+1)
		next = make([]bool, len(s)+1)
	}
	reached = reached[:len(s)+1]
	next = next[:len(s)+1]
	reached[0] = true

	colons := 0 // of the pattern so far
	for i, r := range p {
		within := colons < 5
		switch r {
		case manyRunes:
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

// globARN reports whether an ARN matches a pattern of the operator ArnLike. It
// compares part by part, so that no wildcard matches a colon, except in the last
// part (LAM D20).
func globARN(p []rune, s string) bool {
	// Split both into six parts. A part of the pattern has runes for wildcards.
	have := strings.SplitN(s, ":", 6)
	var want [][]rune
	for len(want) < 5 {
		i := slices.Index(p, ':')
		if i < 0 {
			break
		}
		want = append(want, p[:i])
		p = p[i+1:]
	}
	want = append(want, p)

	// A * alone matches any text, even one that is not an ARN.
	if len(want) == 1 && len(want[0]) == 1 && want[0][0] == manyRunes {
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
