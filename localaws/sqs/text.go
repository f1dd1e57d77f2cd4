package sqs

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// bytesOf is s to be read only, without a copy: bodies are up to a megabyte long.
func bytesOfString(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// plainRun counts the bytes that b begins with and that are ASCII and stand for
// themselves in a JSON string, eight at a time: every body is looked through
// thrice. The tests on a word may err above the first byte that is not plain, and
// never below it.
func plainPrefix(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^'"'*ones, x^'\\'*ones
		if other := (x | (x-' '*ones)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & tops; other != 0 {
			return i + bits.TrailingZeros64(other)/8
		}
	}
	for i < len(b) && unescaped[b[i]] {
		i++
	}
	return i
}

// allowedChars is what a body may hold, in AWS's words (SQS F3).
const allowedCharsText = "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]"

// plain marks the bytes that are characters allowed by themselves.
var allowedASCII = func() (t [256]bool) {
	for b := 0x20; b < utf8.RuneSelf; b++ {
		t[b] = true
	}
	t['\t'], t['\n'], t['\r'] = true, true, true
	return t
}()

// badChar finds the first character that a body may not hold (SQS F3), and
// answers it as AWS writes it. Bytes that are no UTF-8 come from the Query protocol
// alone, and are no characters.
func firstInvalidChar(s string) (string, bool) {
	for i := plainPrefix(bytesOfString(s)); i < len(s); i++ {
		if allowedASCII[s[i]] {
			continue
		}
		if s[i] < utf8.RuneSelf {
			return fmt.Sprintf("#x%X", s[i]), true
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return fmt.Sprintf("#x%X", s[i]), true
		}
		if r == 0xFFFE || r == 0xFFFF {
			return fmt.Sprintf("#x%X", r), true
		}
		i += n - 1
	}
	return "", false
}

// checkToken refuses a MessageGroupId, MessageDeduplicationId or
// ReceiveRequestAttemptId that is not 1 to 128 letters, digits and punctuation
// marks (SQS F10).
func checkToken(name, value string) error {
	ok := value != "" && len(value) <= 128
	for i := 0; ok && i < len(value); i++ {
		ok = value[i] > ' ' && value[i] < 0x7f
	}
	if !ok {
		return invalidParameter(value, name, name+" can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
	return nil
}

// isName reports whether s is 1 to 80 letters, digits, hyphens and underscores.
func isIdentifier(s string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return s != "" && len(s) <= 80 && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(allowed, r) })
}
