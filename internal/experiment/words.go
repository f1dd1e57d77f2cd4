package experiment

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/reliableq/reliableq/internal/duration"
)

// printable replaces everything that is not printable with spaces, and puts the text on
// one line. Texts may come from flags, and go to terminals, XML and file names.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// word replaces everything but ASCII letters, digits and underscores with hyphens.
// The result is safe in a file name, and in a spreadsheet, which would take a text
// that begins with an equals sign for a formula.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '-'
	}, s)
	return strings.Trim(s, "-")
}

// inPercent formats a share in percent, with fewer decimals for larger shares. A
// share above 0 is never formatted as 0.
func inPercent(share float64) string {
	switch p := share * 100; {
	case p == 0:
		return "0 %"
	case p > 0 && p < 0.001:
		return "<0.001 %"
	case math.Abs(p) < 1:
		return fixed(p, 3) + " %"
	case math.Abs(p) < 10:
		return fixed(p, 2) + " %"
	default:
		return fixed(p, 1) + " %"
	}
}

// interval formats the confidence interval of the share of good messages that were
// dead-lettered.
func interval(c Cell) string {
	if c.Good == 0 {
		return "–"
	}
	return strings.TrimSuffix(inPercent(c.Low), " %") + "–" + inPercent(c.High)
}

// thousandsOf formats a number with thousands separators.
func thousandsOf(n int) string { return grouped(strconv.Itoa(n)) }

// fixed formats x with a number of decimals and with thousands separators.
func fixed(x float64, digits int) string {
	if math.Abs(x) >= 1e15 {
		return strconv.FormatFloat(x, 'g', 4, 64)
	}
	whole, part, ok := strings.Cut(strconv.FormatFloat(x, 'f', digits, 64), ".")
	if !ok {
		return grouped(whole)
	}
	return grouped(whole) + "." + part
}

// grouped adds thousands separators to digits.
func grouped(digits string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(digits, "-"); ok {
		sign = "-"
		digits = rest
	}
	// From the end, so that indices stay valid.
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// span formats a number of seconds.
func span(seconds float64) string {
	return duration.Format(time.Duration(min(max(seconds, 0), 1e9) * float64(time.Second)))
}

// money formats US dollars.
func money(dollars float64) string {
	if dollars != 0 && math.Abs(dollars) < 0.01 {
		return "$" + strconv.FormatFloat(dollars, 'g', 2, 64)
	}
	return "$" + fixed(dollars, 2)
}

// wrap breaks a text into lines of at most width characters. A longer word gets its
// own line. A percent sign stays with its number.
func wrap(text string, width int) []string {
	// A line takes the next word if it fits, or if it is a percent sign.
	var lines []string
	for _, w := range strings.Fields(text) {
		if n := len(lines); n > 0 && len([]rune(lines[n-1]))+1+len([]rune(w)) <= width || n > 0 && strings.HasPrefix(w, "%") {
			lines[n-1] += " " + w
			continue
		}
		lines = append(lines, w)
	}
	return lines
}
