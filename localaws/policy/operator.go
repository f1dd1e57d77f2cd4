package policy

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operators are the operators of LAM D20 by name, without the prefixes
// ForAllValues: and ForAnyValue: and the suffix IfExists.
var operators = map[string]*operator{
	"StringEquals":              {test: equal},
	"StringNotEquals":           not(&operator{test: equal}),
	"StringEqualsIgnoreCase":    {test: strings.EqualFold},
	"StringNotEqualsIgnoreCase": not(&operator{test: strings.EqualFold}),
	"StringLike":                {like: true},
	"StringNotLike":             not(&operator{like: true}),
	"NumericEquals":             numeric(func(c int) bool { return c == 0 }),
	"NumericNotEquals":          not(numeric(func(c int) bool { return c == 0 })),
	"NumericLessThan":           numeric(func(c int) bool { return c < 0 }),
	"NumericLessThanEquals":     numeric(func(c int) bool { return c <= 0 }),
	"NumericGreaterThan":        numeric(func(c int) bool { return c > 0 }),
	"NumericGreaterThanEquals":  numeric(func(c int) bool { return c >= 0 }),
	"DateEquals":                date(func(c int) bool { return c == 0 }),
	"DateNotEquals":             not(date(func(c int) bool { return c == 0 })),
	"DateLessThan":              date(func(c int) bool { return c < 0 }),
	"DateLessThanEquals":        date(func(c int) bool { return c <= 0 }),
	"DateGreaterThan":           date(func(c int) bool { return c > 0 }),
	"DateGreaterThanEquals":     date(func(c int) bool { return c >= 0 }),
	"Bool":                      validated(strings.EqualFold, isBool),
	"BinaryEquals":              validated(equal, isBase64),
	"IpAddress":                 validated(inNetwork, isNetwork),
	"NotIpAddress":              not(validated(inNetwork, isNetwork)),
	"ArnEquals":                 {arn: true},
	"ArnLike":                   {arn: true},
	"ArnNotEquals":              not(&operator{arn: true}),
	"ArnNotLike":                not(&operator{arn: true}),
}

// equal is the exact comparison of text.
func equal(have, want string) bool { return have == want }

// not returns o with its result negated.
func not(o *operator) *operator {
	o.negated = true
	return o
}

// validated returns an operator whose values in a policy must be valid.
func validated(test func(have, want string) bool, valid func(string) bool) *operator {
	return &operator{test: test, valid: valid}
}

// numeric returns an operator that compares numbers. The function gets -1, 0 or +1
// as the request's number is less than, equal to or greater than the policy's.
func numeric(ok func(int) bool) *operator {
	return &operator{
		test: func(have, want string) bool {
			h := parseNumber(have)
			w := parseNumber(want)
			return h != nil && w != nil && ok(h.Cmp(w))
		},
		valid: func(want string) bool { return parseNumber(want) != nil },
	}
}

// parseNumber returns a decimal number, or nil for any other text. Numbers beyond
// 1e30 are refused: as fractions of integers they would take much memory.
func parseNumber(s string) *big.Rat {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.ContainsAny(s, "xXpP_iInN") || f > 1e30 || f < -1e30 || len(s) > 60 {
		return nil
	}
	// 1e-999 is too small for a float64, and would be as long as a fraction.
	if f == 0 && strings.ContainsAny(s, "eE") {
		return new(big.Rat)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return r
}

// date returns an operator that compares times. See [numeric].
func date(ok func(int) bool) *operator {
	return &operator{
		test: func(have, want string) bool {
			h, okH := parseDate(have)
			w, okW := parseDate(want)
			return okH && okW && ok(h.Compare(w))
		},
		valid: func(want string) bool { _, ok := parseDate(want); return ok },
	}
}

// parseDate parses ISO 8601, or seconds since 1970.
func parseDate(s string) (time.Time, bool) {
	// A time without an offset is in UTC.
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02", "2006-01"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}

func formatSeconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

func isBase64(s string) bool {
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil
}

func isNetwork(s string) bool { return network(s).IsValid() }

// network parses an address with or without a prefix length. The result of any other
// text is not valid.
func network(s string) netip.Prefix {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen())
	}
	return netip.Prefix{}
}

// inNetwork reports whether an address is in a network.
func inNetwork(have, want string) bool {
	a, err := netip.ParseAddr(have)
	return err == nil && network(want).Contains(a.Unmap())
}
