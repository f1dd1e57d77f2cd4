package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"
)

// compileOperator reads {"operator": argument} (LAM B42).
func compileOperator(m map[string]any) (condition, error) {
	if len(m) != 1 {
		return condition{}, errors.New("an operator is an object with one member")
	}

	for name, arg := range m {
		if name == "exists" {
			there, ok := arg.(bool)
			if !ok {
				return condition{}, errors.New("exists takes true or false")
			}
			return condition{exists: there, absent: !there}, nil
		}

		test, err := compileTest(name, arg)
		return condition{test: test}, err
	}

	return condition{}, nil
}

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

// equals compares a scalar as it is written: numbers by their text, so that
// 300 and 3.0e2 differ (LAM B42a, G9).
func equals(want any) func(any) bool {
	return func(v any) bool { return v == want }
}

// textTest makes a test of strings out of a comparison with the argument.
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

// prefixOrSuffix reads prefix and suffix, whose argument may be {"equals-ignore-case": s}.
func prefixOrSuffix(name string, arg any) (func(any) bool, error) {
	end := strings.HasPrefix
	fold := hasPrefixFold
	if name == "suffix" {
		end = strings.HasSuffix
		fold = hasSuffixFold
	}

	m, ok := arg.(map[string]any)
	if !ok {
		return textTest(name, arg, end)
	}

	inner, ok := m["equals-ignore-case"]
	if !ok || len(m) != 1 {
		return nil, fmt.Errorf("%s takes a string or equals-ignore-case", name)
	}

	return textTest(name, inner, fold)
}

// hasPrefixFold compares rune by rune, as many as the prefix has: folding never
// changes their number.
func hasPrefixFold(s, prefix string) bool {
	return strings.EqualFold(firstRunes(s, utf8.RuneCountInString(prefix)), prefix)
}

func hasSuffixFold(s, suffix string) bool {
	rest := utf8.RuneCountInString(s) - utf8.RuneCountInString(suffix)
	return rest >= 0 && strings.EqualFold(s[len(firstRunes(s, rest)):], suffix)
}

// firstRunes is the first n runes of s, or all of it.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// anythingBut reads a value, a list of values, or one text operator with a
// string or a list of strings.
func anythingBut(arg any) (func(any) bool, error) {
	inner := "" // the operator within, or none
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

// cidrTest holds for IP addresses, IPv4 or IPv6, within a network.
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
		addr, err := netip.ParseAddr(s)
		return err == nil && network.Contains(addr)
	}, nil
}
