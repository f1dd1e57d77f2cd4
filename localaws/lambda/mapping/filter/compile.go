package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// MaxPattern is the longest pattern in characters (LAM B7).
const MaxPattern = 4096

// Compile reads one pattern. Its errors say what is wrong with the pattern;
// AWS says no more than that it is invalid (LAM B19).
func Compile(pattern string) (*Filter, error) {
	if n := len([]rune(pattern)); n > MaxPattern {
		return nil, fmt.Errorf("pattern of %d characters is longer than %d", n, MaxPattern)
	}

	value, err := decode(pattern)
	if err != nil {
		return nil, fmt.Errorf("pattern is not JSON: %w", err)
	}

	top, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("pattern is not a JSON object")
	}

	for name := range top {
		if name != "body" {
			return nil, fmt.Errorf("SQS messages are filtered by body alone, not by %q", name)
		}
	}

	switch b := top["body"].(type) {
	case []any:
		text, err := compileList("body", b)
		return &Filter{text: text}, err
	case map[string]any:
		o, err := compileObject("body", b)
		return &Filter{json: o}, err
	default:
		return nil, errors.New("body must be a list or an object")
	}
}

// decode reads exactly one JSON value and keeps numbers as they are written.
func decode(s string) (any, error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON value")
	}
	return v, nil
}

// compileObject reads an object of conditions; path names it in errors.
func compileObject(path string, m map[string]any) (*object, error) {
	if len(m) == 0 {
		return nil, fmt.Errorf("%s is an empty object", path)
	}

	o := &object{}
	for _, name := range sortedNames(m) {
		if name == "$or" {
			either, err := compileOr(path, m[name])
			if err != nil {
				return nil, err
			}
			o.anyOf = either
			continue
		}

		f, err := compileField(path+"."+name, m[name])
		if err != nil {
			return nil, err
		}

		f.name = name
		o.fields = append(o.fields, f)
	}

	return o, nil
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func compileField(path string, v any) (field, error) {
	switch v := v.(type) {
	case map[string]any:
		sub, err := compileObject(path, v)
		return field{sub: sub}, err
	case []any:
		leaf, err := compileList(path, v)
		return field{conditions: leaf}, err
	default:
		return field{}, fmt.Errorf("%s must be a list or an object", path)
	}
}

// compileOr reads the alternatives of "$or": a list of objects.
func compileOr(path string, v any) ([]*object, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("%s.$or must be a list of objects", path)
	}

	var either []*object
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s.$or[%d] must be an object", path, i)
		}

		o, err := compileObject(fmt.Sprintf("%s.$or[%d]", path, i), m)
		if err != nil {
			return nil, err
		}

		either = append(either, o)
	}

	return either, nil
}

// compileList reads a leaf: a list of values and operators.
func compileList(path string, list []any) ([]condition, error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("%s is an empty list", path)
	}

	var leaf []condition
	for _, e := range list {
		c, err := compileCondition(e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		leaf = append(leaf, c)
	}

	return leaf, nil
}

func compileCondition(e any) (condition, error) {
	switch e := e.(type) {
	case []any:
		return condition{}, errors.New("a list holds values and operators, not lists")
	case map[string]any:
		return compileOperator(e)
	default:
		return condition{test: equals(e)}, nil
	}
}
