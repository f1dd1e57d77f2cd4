package sqs

import (
	"strconv"
	"strings"
)

// The reach of a Number attribute: digits of precision, and powers of ten (SQS
// G7).
const (
	maxDigits   = 38
	minExponent = -128
	maxExponent = 126
)

// isNumber reports whether s is a decimal number that SQS takes: an optional sign,
// digits with at most one point, an optional exponent.
func isNumber(s string) bool {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > 1000 || e < -1000 {
			return false
		}
		mantissa, exponent = s[:i], e
	}
	if mantissa != "" && (mantissa[0] == '-' || mantissa[0] == '+') {
		mantissa = mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return false
	}
	significant := strings.TrimLeft(digits, "0")
	if significant == "" {
		return true // zero
	}
	// The value is 0.significant times ten to the power of magnitude.
	magnitude := len(significant) - len(fraction) + exponent
	significant = strings.TrimRight(significant, "0")
	return len(significant) <= maxDigits && magnitude-1 >= minExponent && magnitude-1 <= maxExponent
}
