// Package terminal makes foreign text safe to print: log lines, message bodies,
// payloads, names, and what other programs say. Such text may hold escape
// sequences that move the cursor, change the title, write to the clipboard or hide
// what stands on the screen.
//
// Newlines and tabs stay. Everything else that a terminal would act upon, or that
// changes the order or the visibility of other characters, is written as an escape
// of Go, such as \x1b. Beyond ASCII the escapes are those of JSON as well, and a
// JSON document has no others, so that it stays the same document.
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

// Clean returns s with everything in it visible that a terminal would act upon.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	out, rest := clean(nil, []byte(s))
	return string(end(out, rest))
}

// plain reports whether s is printable ASCII with newlines and tabs, as nearly all
// text is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c == 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// clean appends the safe form of p to out. rest is the end of p where more input
// decides what it is: the beginning of a character, or a carriage return.
func clean(out, p []byte) (cleaned, rest []byte) {
	for len(p) > 0 {
		if p[0] == '\r' {
			if len(p) == 1 {
				return out, p
			}
			if p[1] != '\n' { // a line's end in two characters is one newline
				out = append(out, `\r`...)
			}
			p = p[1:]
			continue
		}
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

// end appends what was left over when no more input comes.
func end(out, rest []byte) []byte {
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
// characters, those that change the direction of text, and invisible ones. Joiners
// stay: scripts and emoji are written with them.
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
	rest []byte // of a character that the last write did not end
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write writes the safe form of p. An incomplete sequence at its end waits for the
// next write, or for Flush. The count is of p's bytes.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
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

// Flush writes what the last write left over.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) == 0 {
		return nil
	}
	out := end(nil, w.rest)
	w.rest = nil
	_, err := w.w.Write(out)
	return err
}
