package sqs

import (
	"strconv"
	"strings"
)

// The range of a Number attribute: digits of precision, and powers of ten (SQS G7).
const (
	maxDigits   = 38
	minExponent = -128
	maxExponent = 126
)

// isNumber reports whether SQS accepts s as a Number: an optional sign, digits with
// at most one decimal point, and an optional exponent.
func isNumber(s string) bool {
	// Split off the exponent and the sign.
	mantissa := s
	exponent := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > 1000 || e < -1000 { // far out of range; avoids overflow below
			return false
		}
		mantissa = s[:i]
		exponent = e
	}
	if mantissa != "" && (mantissa[0] == '-' || mantissa[0] == '+') {
		mantissa = mantissa[1:]
	}

	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	notDigit := func(r rune) bool { return r < '0' || r > '9' }
	if digits == "" || strings.ContainsFunc(digits, notDigit) {
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
