package policycheck_test

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// conditions matches the Condition element: every operator and every key in it must
// match (E21).
func (e *evaluator) conditions(s *situation, d document, statement object) bool {
	block, ok := statement["Condition"].(object)
	if !ok {
		return true
	}
	holds := true
	for operator, keys := range block {
		for key, wanted := range keys.(object) {
			if e.condition(s, d, operator, key, strs(wanted)) {
				if e.breaks("E21 or") {
					return true
				}
				continue
			}
			holds = false
		}
	}
	return holds
}

// condition tests one key with one operator.
func (e *evaluator) condition(s *situation, d document, operator, key string, wanted []string) bool {
	e.note(operator)
	have := e.values(s, key)
	present := len(have) > 0

	// Null tests whether the key exists (E25).
	if operator == "Null" {
		return slices.Contains(wanted, strconv.FormatBool(!present != e.breaks("E25")))
	}

	// IfExists is true if the key is absent (E24).
	base, ifExists := strings.CutSuffix(operator, "IfExists")
	if ifExists && !present && !e.breaks("E24") {
		return true
	}

	all, forAll := strings.CutPrefix(base, "ForAllValues:")
	some, forAny := strings.CutPrefix(base, "ForAnyValue:")
	switch {
	case forAll:
		base = all
	case forAny:
		base = some
	}
	positive, negated := positives[base]
	if !negated {
		positive = base
	}

	// A value of the request passes if it matches one of the policy's values, or for a
	// negated operator none of them (E21).
	passes := func(value string) bool {
		matched := false
		for _, w := range wanted {
			one := e.compare(s, d, positive, value, w)
			if negated && e.breaks("E21 nor") && !one {
				return true
			}
			matched = matched || one
		}
		return matched != negated
	}

	switch {
	case forAll:
		// True without any value (E26).
		return (present || !e.breaks("E26 missing")) && !slices.ContainsFunc(have, func(v string) bool { return !passes(v) })
	case forAny:
		// False without any value (E27).
		if e.breaks("E27 missing") && negated && !present {
			return true
		}
		return slices.ContainsFunc(have, passes)
	case !present:
		// Not matched: false, or true for a negated operator (E23).
		return negated && !e.breaks("E23 negated") || e.breaks("E23") && !negated
	}
	return passes(have[0])
}

// positives maps a negated operator to its positive.
var positives = map[string]string{
	"StringNotEquals":           "StringEquals",
	"StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike":             "StringLike",
	"NumericNotEquals":          "NumericEquals",
	"DateNotEquals":             "DateEquals",
	"NotIpAddress":              "IpAddress",
	"ArnNotEquals":              "ArnEquals",
	"ArnNotLike":                "ArnLike",
}

// values returns the request's values of a key. Names of keys are not case sensitive
// (E22). The two time keys come from the request's time (E41).
func (e *evaluator) values(s *situation, key string) []string {
	if !s.Now.IsZero() {
		switch strings.ToLower(key) {
		case "aws:currenttime":
			return []string{s.Now.UTC().Format(time.RFC3339)}
		case "aws:epochtime":
			return []string{strconv.FormatInt(s.Now.Unix(), 10)}
		}
	}
	for name, values := range s.Keys {
		if name == key || strings.EqualFold(name, key) && !e.breaks("E22") {
			return values
		}
	}
	return nil
}

// compare tests a value of the request against a value of the policy.
func (e *evaluator) compare(s *situation, d document, operator, have, want string) bool {
	switch operator {
	case "StringEquals", "StringEqualsIgnoreCase":
		text, ok := e.literal(s, d, want)
		if !ok {
			return e.breaks("E37 equal") // a variable without a value equals nothing
		}
		if operator == "StringEquals" {
			return have == text || e.breaks("E28 case") && strings.EqualFold(have, text)
		}
		return strings.EqualFold(have, text) && !e.breaks("E28 ignore") || have == text

	case "StringLike":
		tokens, ok := e.expand(s, d, want)
		if e.breaks("E29 case") {
			have = strings.ToLower(have)
			for i, t := range tokens {
				tokens[i].char = []rune(strings.ToLower(string(t.char)))[0]
			}
		}
		if e.breaks("E29 single") {
			for i := range tokens {
				if tokens[i].wild == any1 {
					tokens[i].wild = anyN
				}
			}
		}
		if e.breaks("E29 character") { // as if a character were a byte
			bytes := make([]rune, len(have))
			for i := range len(have) {
				bytes[i] = rune(have[i])
			}
			have = string(bytes)
		}
		if e.breaks("E29") {
			text, literal := e.literal(s, d, want)
			return literal && text == have
		}
		return ok && glob(tokens, have)

	case "ArnEquals", "ArnLike":
		tokens, ok := e.expand(s, d, want)
		return ok && e.arnLike(tokens, have)

	case "Bool":
		return strings.EqualFold(have, want) != e.breaks("E32")

	case "BinaryEquals":
		a, err1 := base64.StdEncoding.DecodeString(have)
		b, err2 := base64.StdEncoding.DecodeString(want)
		return err1 == nil && err2 == nil && string(a) == string(b) && !e.breaks("E33")

	case "IpAddress":
		return e.address(have, want)
	}

	if comparison, ok := strings.CutPrefix(operator, "Numeric"); ok {
		a, ok1 := new(big.Rat).SetString(have)
		b, ok2 := new(big.Rat).SetString(want)
		if e.breaks("E30 text") {
			return e.ordered(comparison, strings.Compare(have, want))
		}
		return ok1 && ok2 && e.ordered(comparison, a.Cmp(b))
	}
	if comparison, ok := strings.CutPrefix(operator, "Date"); ok {
		a, ok1 := instant(have)
		b, ok2 := instant(want)
		if e.breaks("E31 text") {
			return e.ordered(comparison, strings.Compare(have, want))
		}
		return ok1 && ok2 && e.ordered(comparison, a.Compare(b))
	}
	panic("no rule for the operator " + operator)
}

// ordered reports whether the result of a comparison satisfies an operator (E30, E31).
func (e *evaluator) ordered(comparison string, order int) bool {
	inclusive := !e.breaks("E30 equal")
	switch comparison {
	case "Equals":
		return order == 0
	case "LessThan":
		return order < 0
	case "LessThanEquals":
		return order < 0 || inclusive && order == 0
	case "GreaterThan":
		return order > 0
	case "GreaterThanEquals":
		return order > 0 || inclusive && order == 0
	}
	panic("no comparison " + comparison)
}

// instant parses a date of the W3C profile of ISO 8601, or seconds since 1970 (E31).
func instant(text string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// address reports whether an address is in a range. An address without a prefix length
// is a range of one address (E34).
func (e *evaluator) address(have, want string) bool {
	ip, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if !strings.Contains(want, "/") {
		single, err := netip.ParseAddr(want)
		return err == nil && single == ip && !e.breaks("E34 single")
	}
	prefix, err := netip.ParsePrefix(want)
	if err != nil {
		return false
	}
	if e.breaks("E34 range") {
		return prefix.Addr() == ip
	}
	return prefix.Contains(ip)
}

// arnLike compares the six parts of an ARN one by one (E35).
func (e *evaluator) arnLike(pattern []token, arn string) bool {
	if e.breaks("E35 whole") {
		return glob(pattern, arn)
	}
	want := splitTokens(pattern)
	have := strings.SplitN(arn, ":", 6)
	if len(want) != 6 || len(have) != 6 {
		return false
	}
	for i := range want {
		if e.breaks("E35") && i > 0 && i < 5 && len(want[i]) == 1 && want[i][0].wild == anyN {
			return false
		}
		if !glob(want[i], have[i]) {
			return false
		}
	}
	return true
}

// splitTokens splits a pattern at its first five colons.
func splitTokens(pattern []token) [][]token {
	parts := [][]token{nil}
	for _, t := range pattern {
		if t.wild == none && t.char == ':' && len(parts) < 6 {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], t)
	}
	return parts
}

// token is a character of a pattern, or a wildcard.
type token struct {
	char   rune
	wild   wildcard
	within bool // a wildcard that does not match a colon
}

type wildcard int

const (
	none wildcard = iota
	any1          // ?
	anyN          // *
)

// plain parses a pattern without variables.
func plain(text string) []token {
	var out []token
	for _, r := range text {
		t := token{char: r}
		switch r {
		case '*':
			t.wild = anyN
		case '?':
			t.wild = any1
		}
		out = append(out, t)
	}
	return out
}

// glob reports whether a pattern matches the complete text.
func glob(pattern []token, text string) bool {
	runes := []rune(text)
	// reach[j] reports whether the pattern so far matches the first j runes.
	reach := make([]bool, len(runes)+1)
	reach[0] = true
	for _, t := range pattern {
		next := make([]bool, len(runes)+1)
		for j := range reach {
			switch {
			case t.wild == anyN && reach[j]:
				for k := j; k <= len(runes); k++ {
					next[k] = true
					if k < len(runes) && t.within && runes[k] == ':' {
						break
					}
				}
			case t.wild == anyN || !reach[j] || j == len(runes):
			case t.wild == any1:
				next[j+1] = !t.within || runes[j] != ':'
			case runes[j] == t.char:
				next[j+1] = true
			}
		}
		reach = next
	}
	return reach[len(runes)]
}

// expand replaces the variables of a text, and returns false if one has no value (E36
// to E40). Values of variables have no wildcards.
func (e *evaluator) expand(s *situation, d document, text string) ([]token, bool) {
	if !d.variables && !e.breaks("E36") {
		return plain(text), true
	}
	var out []token
	for text != "" {
		before, rest, found := strings.Cut(text, "${")
		out = append(out, plain(before)...)
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			panic("the generator did not close a variable: " + text)
		}
		value, ok := e.variable(s, name)
		if !ok {
			return nil, false
		}
		for _, r := range value {
			out = append(out, token{char: r})
		}
		text = after
	}
	return out, true
}

// literal replaces the variables of a text without wildcards.
func (e *evaluator) literal(s *situation, d document, text string) (string, bool) {
	tokens, ok := e.expand(s, d, text)
	var out strings.Builder
	for _, t := range tokens {
		out.WriteRune(t.char)
	}
	return out.String(), ok
}

// variable returns the value of the name between the braces.
func (e *evaluator) variable(s *situation, name string) (string, bool) {
	// Three names are the characters themselves (E39).
	if name == "*" || name == "?" || name == "$" {
		e.note("escape")
		if e.breaks("E39") {
			return "${" + name + "}", true
		}
		return name, true
	}

	key, fallback, hasDefault := strings.Cut(name, ", '")
	e.note("variable")
	if values := e.values(s, key); len(values) > 0 {
		return values[0], true
	}
	if hasDefault && !e.breaks("E38") {
		e.note("variable default")
		return strings.TrimSuffix(fallback, "'"), true
	}
	return "", false
}
