package awsjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// unescaped marks the ASCII characters that JSON does not escape in a string.
var unescaped = func() (t [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// PlainPrefix returns the length of the prefix of s that consists of ASCII characters
// which JSON does not escape.
func PlainPrefix(s string) int {
	return plainPrefix(unsafe.Slice(unsafe.StringData(s), len(s))) // no copy: s can be 1 MiB
}

// plainPrefix returns the length of the prefix of b that consists of ASCII characters
// which JSON does not escape. It tests eight bytes at a time.
//
// For each of the eight bytes the expression sets the top bit if the byte is not
// ASCII, below a space, a quote or a backslash. A borrow can set the top bit of a byte
// above the first such byte by mistake, but never of one below; so the lowest bit set
// is right.
func plainPrefix(b []byte) int {
	const (
		ones = 0x0101010101010101
		tops = 0x8080808080808080
	)

	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote := x ^ '"'*ones
		backslash := x ^ '\\'*ones
		special := (x | (x-' '*ones)&^x | (quote-ones)&^quote | (backslash-ones)&^backslash) & tops
		if special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}

	// The rest, byte by byte.
	for i < len(b) && unescaped[b[i]] {
		i++
	}
	return i
}

// AppendString appends s as a JSON string. It escapes only what JSON requires. Bytes
// that are not UTF-8 become U+FFFD, as in encoding/json.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0 // s[start:i] is not copied yet
	for i := PlainPrefix(s); i < len(s); i += PlainPrefix(s[i:]) {
		c := s[i]

		// Replace a byte that is not UTF-8; every other character stands for itself.
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}

		dst = appendEscape(append(dst, s[start:i]...), c)
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
