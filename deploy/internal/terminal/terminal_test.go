package terminal_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/reliableq/reliableq/deploy/internal/terminal"
)

func TestControlSequencesAreShown(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                 "",
		"plain\ttext\n":                    "plain\ttext\n",
		"Grüße, 世界 ✓":                      "Grüße, 世界 ✓",
		"\x1b[31mred\x1b[0m":               `\x1b[31mred\x1b[0m`,
		"\x1b]0;title\x07":                 `\x1b]0;title\x07`,
		"\x1b]52;c;ZXZpbA==\x07":           `\x1b]52;c;ZXZpbA==\x07`,
		"\u009b2J":                         `\u009b2J`,
		"\x9b2J":                           `\x9b2J`,
		"\x7f\b\x00":                       `\u007f\x08\x00`,
		"windows\r\nline":                  "windows\nline",
		"over\rwritten":                    `over\rwritten`,
		"end\r":                            `end\r`,
		"a\r\r\nb":                         "a\\r\nb",
		"user\u202enimda":                  `user\u202enimda`,
		"\u2066x\u2069 \u200f\u200e\u061c": `\u2066x\u2069 \u200f\u200e\u061c`,
		"zero\u200bwidth\ufeff":            `zero\u200bwidth\ufeff`,
		"line\u2028para\u2029":             `line\u2028para\u2029`,
		"tag\U000e0041":                    `tag\udb40\udc41`,
		"\xff\xc3(":                        `\xff\xc3(`,
		"cut \xe4\xb8":                     `cut \xe4\xb8`,
		"👩\u200d🚀":                         "👩\u200d🚀",
		"می\u200cخواهم":                    "می\u200cخواهم",
		`C:\new`:                           `C:\new`,
	} {
		t.Run(in, func(t *testing.T) {
			if got := terminal.Clean(in); got != want {
				t.Errorf("%q becomes %q, want %q", in, got, want)
			}
		})
	}
}

// check fails the test unless text is safe on a terminal.
func check(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%q is not UTF-8", text)
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029') {
			t.Errorf("%U remains in %q", r, text)
		}
	}
}

// Any text becomes safe, with the same result in any pieces as in one, and readable
// text is unchanged. JSON stays the same document, unless its lines end in carriage
// returns only.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "text\n", "\x1b[2J", "\u009b", "\xff\xfe", "\r\n\r", "世界", "\xe4\xb8", "\u202e", `{"a":"\u001b"}`, "{\"a\":\"\u009b\u202e\x7f\U000e0041\"}"} {
		f.Add([]byte(seed), uint8(1))
	}
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		cleaned := terminal.Clean(string(in))
		check(t, cleaned)
		if terminal.Clean(cleaned) != cleaned {
			t.Errorf("%q changes when it is cleaned again", cleaned)
		}

		var out bytes.Buffer
		w := terminal.NewWriter(&out)
		for rest := in; len(rest) > 0; {
			n := min(int(size)+1, len(rest))
			if wrote, err := w.Write(rest[:n]); err != nil || wrote != n {
				t.Fatalf("wrote %d of %d: %v", wrote, n, err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if out.String() != cleaned {
			t.Errorf("in pieces of %d: %q, whole: %q", int(size)+1, out.String(), cleaned)
		}

		var before, after any
		if utf8.Valid(in) && !bytes.ContainsRune(in, '\r') && json.Unmarshal(in, &before) == nil {
			if err := json.Unmarshal([]byte(cleaned), &after); err != nil || !reflect.DeepEqual(before, after) {
				t.Errorf("JSON %q became %q: %v", in, cleaned, err)
			}
		}
	})
}

func TestAFailedWriterReturnsItsError(t *testing.T) {
	t.Parallel()
	w := terminal.NewWriter(broken{})
	if n, err := w.Write([]byte("text")); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := w.Write([]byte("\xe4")); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if err := w.Flush(); err == nil {
		t.Error("the rest was lost without an error")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

var errBroken = json.Unmarshal([]byte("{"), new(any))

func BenchmarkClean(b *testing.B) {
	text := strings.Repeat("a line of a log as they usually are\n", 100)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		terminal.Clean(text)
	}
}
