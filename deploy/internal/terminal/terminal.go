// Package terminal makes text from elsewhere safe to print: log lines, message bodies,
// payloads, names, and the output of other programs. Such text may hold escape
// sequences that move the cursor, change the title, write to the clipboard or hide
// other text.
//
// Newlines and tabs stay. Everything else that a terminal would act upon, or that
// changes the order or the visibility of other characters, is written as a Go escape,
// such as \x1b. Outside ASCII the escapes are valid in JSON too. An encoded JSON
// document has no control characters within ASCII, so it stays the same document.
package terminal

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Clean returns s with escapes for everything that a terminal would act upon.
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	out, rest := clean(nil, []byte(s))
	return string(cleanEnd(out, rest))
}

// isPlain reports whether s has only printable ASCII, newlines and tabs, as nearly all
// text has.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c == 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// clean appends the safe form of p to out. rest is the end of p if its meaning depends
// on more input: the beginning of a character, or a carriage return.
func clean(out, p []byte) (cleaned, rest []byte) {
	for len(p) > 0 {
		// CR LF becomes one newline; CR alone is escaped.
		if p[0] == '\r' {
			if len(p) == 1 {
				return out, p
			}
			if p[1] != '\n' {
				out = append(out, `\r`...)
			}
			p = p[1:]
			continue
		}

		// The rest of the character may come with the next Write.
		if !utf8.FullRune(p) {
			return out, p
		}

		r, n := utf8.DecodeRune(p)
		switch {
		case r == utf8.RuneError && n == 1:
			out = fmt.Appendf(out, `\x%02x`, p[0])
		case r == '\n' || r == '\t' || !hidden(r):
			out = append(out, p[:n]...)
		case r < ' ':
			out = fmt.Appendf(out, `\x%02x`, r)
		// JSON has no escape for more than 16 bits: write a surrogate pair.
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}

		p = p[n:]
	}

	return out, nil
}

// cleanEnd appends the safe form of rest, after the end of all input.
func cleanEnd(out, rest []byte) []byte {
	for _, c := range rest {
		if c == '\r' {
			out = append(out, `\r`...)
			continue
		}
		out = fmt.Appendf(out, `\x%02x`, c)
	}
	return out
}

// hidden reports whether a terminal may act upon r, or show nothing for it: control
// characters, characters that change the direction of text, and invisible ones.
// Joiners are not among them: scripts and emoji need them.
func hidden(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0, r == '\u2028', r == '\u2029':
		return true
	case r == '\u200c', r == '\u200d':
		return false
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Bidi_Control, r)
}

// Writer writes text to another writer in its safe form. It is safe for concurrent
// use.
type Writer struct {
	mu   sync.Mutex
	w    io.Writer
	rest []byte // incomplete end of the last write
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write writes the safe form of p. An incomplete character at its end is written by the
// next Write, or by Flush. The count is of the bytes of p.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()

	// An escape sequence may be split over two writes: clean them as one text.
	text := p
	if len(w.rest) > 0 {
		text = append(w.rest, p...)
	}

	out, rest := clean(make([]byte, 0, len(text)), text)
	w.rest = bytes.Clone(rest)
	if len(out) == 0 {
		return len(p), nil
	}

	if _, err := w.w.Write(out); err != nil {
		return 0, err
	}

	return len(p), nil
}

// Flush writes the incomplete end of the last Write.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) == 0 {
		return nil
	}
	out := cleanEnd(nil, w.rest)
	w.rest = nil
	_, err := w.w.Write(out)
	return err
}
