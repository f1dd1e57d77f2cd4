package policy

import (
	"encoding/json"
	"slices"
	"strings"
)

// parseConditions reads a Condition block: operators, below them keys, below them
// values.
func parseConditions(node any, version string) ([]condition, error) {
	if node == nil {
		return nil, nil
	}
	byOperator, ok := node.(map[string]any)
	if !ok {
		return nil, errLegacy
	}
	var out []condition
	for _, name := range names(byOperator) {
		keys, ok := byOperator[name].(map[string]any)
		if !ok {
			return nil, errLegacy
		}
		for _, key := range names(keys) {
			c, err := parseCondition(name, key, keys[key], version)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

func parseCondition(name, key string, node any, version string) (condition, error) {
	c := condition{key: strings.ToLower(key)}
	name, c.forAll = strings.CutPrefix(name, "ForAllValues:")
	name, c.forAny = strings.CutPrefix(name, "ForAnyValue:")
	list, ok := scalarList(node)
	if !ok || key == "" {
		return c, errLegacy
	}
	if name == "Null" {
		if len(list) != 1 || !isBool(list[0]) || c.forAll || c.forAny {
			return c, errLegacy
		}
		c.null, c.absent = true, strings.EqualFold(list[0], "true")
		return c, nil
	}
	if base, found := strings.CutSuffix(name, "IfExists"); found {
		name, c.ifExists = base, true
	}
	if c.op = operators[name]; c.op == nil {
		return c, errLegacy
	}
	for _, v := range list {
		if c.op.valid != nil && !strings.Contains(v, "${") && !c.op.valid(v) {
			return c, errLegacy
		}
		c.values = append(c.values, newPattern(v, version, c.op.like || c.op.arn, false))
	}
	return c, nil
}

// only reports whether m has no key but those.
func only(m map[string]any, keys ...string) bool {
	for k := range m {
		if !slices.Contains(keys, k) {
			return false
		}
	}
	return true
}

// either reads X or NotX, of which at most one may stand.
func either(m map[string]any, name string) (list []string, not, has, ok bool) {
	node, plain := m[name]
	other, inverse := m["Not"+name]
	if plain && inverse {
		return nil, false, true, false
	}
	if inverse {
		node = other
	}
	if !plain && !inverse {
		return nil, false, false, true
	}
	list, ok = stringList(node)
	return list, inverse, true, ok
}

// stringList reads a string or a list of them.
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

// scalarList reads a string, number or boolean, or a list of them, as text.
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
			list = append(list, map[bool]string{true: "true", false: "false"}[v])
		default:
			return nil, false
		}
	}
	return list, true
}

func names(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
