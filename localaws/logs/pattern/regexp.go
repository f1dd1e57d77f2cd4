package pattern

import (
	"regexp"
	"strings"
)

// parseRegexp parses a regular expression between percent signs; the first is the
// next byte.
func (p *parser) parseRegexp() (*regexp.Regexp, error) {
	end := strings.IndexByte(p.text[p.pos+1:], '%')
	if end < 0 {
		return nil, p.errorf("missing %% after a regular expression")
	}
	if p.regexps++; p.regexps > maxRegexps {
		return nil, p.errorf("more than %d regular expressions", maxRegexps)
	}

	text := p.text[p.pos+1 : p.pos+1+end]
	if text == "" {
		return nil, p.errorf("empty regular expression")
	}

	// Go's syntax is larger than that of Logs.
	if c, bad := unsupported(text); bad {
		return nil, p.errorf("%q is not supported in a regular expression", c)
	}

	re, err := regexp.Compile(text)
	if err != nil {
		return nil, p.errorf("cannot parse the regular expression %q", text)
	}

	p.pos += end + 2
	return re, nil
}

// unsupported returns the first character that Logs does not support in a regular
// expression. These are parentheses and most punctuation, unless escaped by a
// backslash, and bytes outside ASCII.
func unsupported(text string) (rune, bool) {
	const symbols = `:_#=@/;,-` + `^$?[]{}|\*+.` + " "
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) && text[i+1] < 0x80 {
			i++
			continue
		}
		if c >= 0x80 || !isWord(c) && strings.IndexByte(symbols, c) < 0 {
			return rune(c), true
		}
	}

	return 0, false
}
