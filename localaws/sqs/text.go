package sqs

import (
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/reliableq/reliableq/localaws/awsapi/awsjson"
)

// bytesOfString returns the bytes of s without a copy: a body can be 1 MiB. The caller
// must not change them.
func bytesOfString(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// allowedCharsText is the set of characters of a body in the notation of AWS's error
// texts (SQS F3).
const allowedCharsText = "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]"

// allowedASCII marks the ASCII characters that a body may contain.
var allowedASCII = func() (t [256]bool) {
	for b := 0x20; b < utf8.RuneSelf; b++ {
		t[b] = true
	}
	t['\t'] = true
	t['\n'] = true
	t['\r'] = true
	return t
}()

// firstInvalidChar returns the first character that a body may not contain (SQS F3),
// in AWS's notation. A byte that is not UTF-8, which only the Query protocol can
// send, counts as invalid.
func firstInvalidChar(s string) (char string, found bool) {
	for i := awsjson.PlainPrefix(s); i < len(s); i++ { // usually all of s
		if allowedASCII[s[i]] {
			continue
		}
		if s[i] < utf8.RuneSelf {
			return fmt.Sprintf("#x%X", s[i]), true
		}

		// U+FFFE and U+FFFF are not characters.
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

// checkToken validates a MessageGroupId, MessageDeduplicationId or
// ReceiveRequestAttemptId: 1 to 128 letters, digits and punctuation characters (SQS
// F10).
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

// isIdentifier reports whether s is 1 to 80 letters, digits, hyphens and underscores.
func isIdentifier(s string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	notAllowed := func(r rune) bool { return !strings.ContainsRune(allowed, r) }
	return s != "" && len(s) <= 80 && !strings.ContainsFunc(s, notAllowed)
}
