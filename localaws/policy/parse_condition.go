package policy

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// parseConditions parses the element Condition: an object of operators, with an object
// of keys for each, with a value or a list of values for each.
func parseConditions(node any, version string) ([]condition, error) {
	if node == nil {
		return nil, nil
	}
	byOperator, ok := node.(map[string]any)
	if !ok {
		return nil, errGrammar
	}

	// Sorted, so that of several errors always the same one is reported.
	var out []condition
	for _, name := range slices.Sorted(maps.Keys(byOperator)) {
		keys, ok := byOperator[name].(map[string]any)
		if !ok {
			return nil, errGrammar
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			c, err := parseCondition(name, key, keys[key], version)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// parseCondition parses the values of one key under one operator.
func parseCondition(name, key string, node any, version string) (condition, error) {
	c := condition{key: strings.ToLower(key)}
	name, c.forAll = strings.CutPrefix(name, "ForAllValues:")
	name, c.forAny = strings.CutPrefix(name, "ForAnyValue:")
	list, ok := scalarList(node)
	if !ok || key == "" {
		return c, errGrammar
	}

	// Null has no operator: its value is whether the key must be absent.
	if name == "Null" {
		if len(list) != 1 || !isBool(list[0]) || c.forAll || c.forAny {
			return c, errGrammar
		}
		c.null = true
		c.absent = strings.EqualFold(list[0], "true")
		return c, nil
	}

	if base, found := strings.CutSuffix(name, "IfExists"); found {
		name, c.ifExists = base, true
	}
	if c.op = operators[name]; c.op == nil {
		return c, errGrammar
	}

	// A value with a variable can be checked only when it is evaluated.
	for _, v := range list {
		if c.op.valid != nil && !strings.Contains(v, "${") && !c.op.valid(v) {
			return c, errGrammar
		}
		c.values = append(c.values, newPattern(v, version, c.op.like || c.op.arn, false))
	}
	return c, nil
}

// hasOnly reports whether m has no other keys than those.
func hasOnly(m map[string]any, keys ...string) bool {
	for k := range m {
		if !slices.Contains(keys, k) {
			return false
		}
	}
	return true
}

// parseElement returns the list of an element or of its inverse, such as Action or
// NotAction. It returns whether it is the inverse, whether the statement has either,
// and whether it is valid: a statement must not have both.
func parseElement(m map[string]any, name string) (list []string, not, has, ok bool) {
	node, plain := m[name]
	other, inverse := m["Not"+name]
	switch {
	case plain && inverse:
		return nil, false, true, false
	case !plain && !inverse:
		return nil, false, false, true
	case inverse:
		node = other
	}

	list, ok = stringList(node)
	return list, inverse, true, ok
}

// stringList returns a string, or a list of strings, as a list. It reports false for
// anything else.
func stringList(node any) ([]string, bool) {
	if s, ok := node.(string); ok {
		return []string{s}, true
	}
	nodes, ok := node.([]any)
	list := make([]string, 0, len(nodes))
	for _, n := range nodes {
		s, isText := n.(string)
		if !isText {
			return nil, false
		}
		list = append(list, s)
	}
	return list, ok
}

// scalarList returns a string, number or boolean, or a list of these, as a list of
// texts. It reports false for anything else.
func scalarList(node any) ([]string, bool) {
	nodes, ok := node.([]any)
	if !ok {
		nodes = []any{node}
	}
	list := make([]string, 0, len(nodes))
	for _, n := range nodes {
		switch v := n.(type) {
		case string:
			list = append(list, v)
		case json.Number:
			list = append(list, v.String())
		case bool:
			list = append(list, strconv.FormatBool(v))
		default:
			return nil, false
		}
	}
	return list, true
}
