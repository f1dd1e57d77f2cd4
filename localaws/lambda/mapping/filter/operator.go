package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"
)

// compileOperator compiles {"operator": argument} (LAM B42).
func compileOperator(m map[string]any) (condition, error) {
	if len(m) != 1 {
		return condition{}, errors.New("an operator is an object with one member")
	}

	for name, arg := range m {
		// exists depends on the member and not on its value.
		if name == "exists" {
			present, ok := arg.(bool)
			if !ok {
				return condition{}, errors.New("exists takes true or false")
			}
			return condition{exists: present, absent: !present}, nil
		}

		test, err := compileTest(name, arg)
		return condition{test: test}, err
	}

	return condition{}, nil
}

// compileTest compiles an operator that compares a value.
func compileTest(name string, arg any) (func(any) bool, error) {
	switch name {
	case "prefix", "suffix":
		return prefixOrSuffix(name, arg)
	case "equals-ignore-case":
		return textTest(name, arg, strings.EqualFold)
	case "wildcard":
		return wildcardTest(arg)
	case "anything-but":
		return anythingBut(arg)
	case "numeric":
		return numericTest(arg)
	case "cidr":
		return cidrTest(arg)
	default:
		return nil, fmt.Errorf("unknown operator %q", name)
	}
}

// equals compares a scalar as it is written: numbers as text, so that 300 and 3.0e2
// differ (LAM B42a, G9).
func equals(want any) func(any) bool {
	return func(v any) bool { return v == want }
}

// textTest returns a test that compares strings with the argument.
func textTest(name string, arg any, holds func(v, arg string) bool) (func(any) bool, error) {
	want, ok := arg.(string)
	if !ok {
		return nil, fmt.Errorf("%s takes a string", name)
	}
	return func(v any) bool {
		s, ok := v.(string)
		return ok && holds(s, want)
	}, nil
}

// prefixOrSuffix compiles prefix and suffix, whose argument may be
// {"equals-ignore-case": s}.
func prefixOrSuffix(name string, arg any) (func(any) bool, error) {
	exact := strings.HasPrefix
	ignoringCase := hasPrefixFold
	if name == "suffix" {
		exact = strings.HasSuffix
		ignoringCase = hasSuffixFold
	}

	m, ok := arg.(map[string]any)
	if !ok {
		return textTest(name, arg, exact)
	}

	inner, ok := m["equals-ignore-case"]
	if !ok || len(m) != 1 {
		return nil, fmt.Errorf("%s takes a string or equals-ignore-case", name)
	}

	return textTest(name, inner, ignoringCase)
}

// hasPrefixFold compares as many runes as the prefix has: ignoring case does not change
// their number.
func hasPrefixFold(s, prefix string) bool {
	return strings.EqualFold(firstRunes(s, utf8.RuneCountInString(prefix)), prefix)
}

func hasSuffixFold(s, suffix string) bool {
	rest := utf8.RuneCountInString(s) - utf8.RuneCountInString(suffix)
	return rest >= 0 && strings.EqualFold(s[len(firstRunes(s, rest)):], suffix)
}

// firstRunes returns the first n runes of s, or all of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// anythingBut compiles anything-but, whose argument is a value, a list of values, or one
// text operator with a string or a list of strings.
func anythingBut(arg any) (func(any) bool, error) {
	// The operator within, or "".
	inner := ""
	if m, ok := arg.(map[string]any); ok {
		if len(m) != 1 {
			return nil, errors.New("anything-but takes one operator")
		}

		for inner, arg = range m {
			if inner != "prefix" && inner != "suffix" && inner != "equals-ignore-case" && inner != "wildcard" {
				return nil, fmt.Errorf("anything-but does not take %q", inner)
			}
		}
	}

	// A single value is a list of one.
	list, ok := arg.([]any)
	if !ok {
		list = []any{arg}
	}

	if len(list) == 0 {
		return nil, errors.New("anything-but takes no empty list")
	}

	var but []func(any) bool
	for _, e := range list {
		test, err := excludedTest(inner, e)
		if err != nil {
			return nil, err
		}
		but = append(but, test)
	}

	return func(v any) bool {
		for _, test := range but {
			if test(v) {
				return false
			}
		}
		return true
	}, nil
}

// excludedTest compiles one excluded value.
func excludedTest(inner string, e any) (func(any) bool, error) {
	if inner != "" {
		return compileTest(inner, e)
	}
	switch e.(type) {
	case string, json.Number:
		return equals(e), nil
	default:
		return nil, errors.New("anything-but takes strings and numbers")
	}
}

// cidrTest compiles cidr, which holds for IPv4 and IPv6 addresses in a network.
func cidrTest(arg any) (func(any) bool, error) {
	s, ok := arg.(string)
	if !ok {
		return nil, errors.New("cidr takes a string")
	}

	network, err := netip.ParsePrefix(s)
	if err != nil {
		return nil, fmt.Errorf("read cidr: %w", err)
	}

	return func(v any) bool {
		s, ok := v.(string)
		if !ok {
			return false
		}

		// Text that is no address is outside of every network.
		addr, err := netip.ParseAddr(s)
		return err == nil && network.Contains(addr)
	}, nil
}
