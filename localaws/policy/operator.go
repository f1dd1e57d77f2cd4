package policy

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operators are those of LAM D20, without prefix and IfExists.
var operators = map[string]*operator{
	"StringEquals":              {test: equal},
	"StringNotEquals":           {test: equal, negated: true},
	"StringEqualsIgnoreCase":    {test: strings.EqualFold},
	"StringNotEqualsIgnoreCase": {test: strings.EqualFold, negated: true},
	"StringLike":                {like: true},
	"StringNotLike":             {like: true, negated: true},
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
	"Bool":                      {test: strings.EqualFold, valid: isBool},
	"BinaryEquals":              {test: equal, valid: isBase64},
	"IpAddress":                 {test: inNetwork, valid: isNetwork},
	"NotIpAddress":              {test: inNetwork, valid: isNetwork, negated: true},
	"ArnEquals":                 {arn: true},
	"ArnLike":                   {arn: true},
	"ArnNotEquals":              {arn: true, negated: true},
	"ArnNotLike":                {arn: true, negated: true},
}

func equal(have, want string) bool { return have == want }

func not(o *operator) *operator {
	o.negated = true
	return o
}

func numeric(ok func(int) bool) *operator {
	return &operator{
		test: func(have, want string) bool {
			h, w := rational(have), rational(want)
			return h != nil && w != nil && ok(h.Cmp(w))
		},
		valid: func(want string) bool { return rational(want) != nil },
	}
}

// rational reads a decimal number, or answers nil. Long exponents are refused:
// they would cost memory to no purpose.
func rational(s string) *big.Rat {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.ContainsAny(s, "xXpP_iInN") || f > 1e30 || f < -1e30 || len(s) > 60 {
		return nil
	}
	if f == 0 && strings.ContainsAny(s, "eE") {
		return new(big.Rat)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return r
}

func date(ok func(int) bool) *operator {
	return &operator{
		test: func(have, want string) bool {
			h, okH := moment(have)
			w, okW := moment(want)
			return okH && okW && ok(h.Compare(w))
		},
		valid: func(want string) bool { _, ok := moment(want); return ok },
	}
}

// moment reads ISO 8601 or epoch seconds.
func moment(s string) (time.Time, bool) {
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

// network reads an address with or without a prefix length.
func network(s string) netip.Prefix {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen())
	}
	return netip.Prefix{}
}

func inNetwork(have, want string) bool {
	a, err := netip.ParseAddr(have)
	return err == nil && network(want).Contains(a.Unmap())
}
