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

// Compile compiles one pattern. Its errors describe what is wrong with the pattern, where
// AWS reports only that it is invalid (LAM B19).
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

	// Only the body of an SQS message can be matched.
	for name := range top {
		if name != "body" {
			return nil, fmt.Errorf("SQS messages can be filtered only by body, not by %q", name)
		}
	}

	// A list is for bodies of plain text, an object for bodies of JSON.
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

// decode decodes exactly one JSON value. Numbers stay as they are written, because filters
// compare them as text.
func decode(s string) (any, error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}

	// The decoder stops after the value: nothing may follow.
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more text follows the JSON value")
	}
	return v, nil
}

// compileObject compiles an object of conditions. Errors name it by path.
func compileObject(path string, m map[string]any) (*object, error) {
	if len(m) == 0 {
		return nil, fmt.Errorf("%s is an empty object", path)
	}

	o := &object{}
	for _, name := range sortedNames(m) {
		// $or is not a member but a list of alternatives.
		if name == "$or" {
			anyOf, err := compileOr(path, m[name])
			if err != nil {
				return nil, err
			}
			o.anyOf = anyOf
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

// sortedNames returns the member names in order, so that errors are repeatable.
func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// compileField compiles the condition on one member: an object, or a list of values and
// operators.
func compileField(path string, v any) (field, error) {
	switch v := v.(type) {
	case map[string]any:
		sub, err := compileObject(path, v)
		return field{sub: sub}, err
	case []any:
		conditions, err := compileList(path, v)
		return field{conditions: conditions}, err
	default:
		return field{}, fmt.Errorf("%s must be a list or an object", path)
	}
}

// compileOr compiles the alternatives of "$or", a list of objects.
func compileOr(path string, v any) ([]*object, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("%s.$or must be a list of objects", path)
	}

	var anyOf []*object
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s.$or[%d] must be an object", path, i)
		}

		o, err := compileObject(fmt.Sprintf("%s.$or[%d]", path, i), m)
		if err != nil {
			return nil, err
		}

		anyOf = append(anyOf, o)
	}

	return anyOf, nil
}

// compileList compiles a list of values and operators.
func compileList(path string, list []any) ([]condition, error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("%s is an empty list", path)
	}

	var conditions []condition
	for _, e := range list {
		c, err := compileCondition(e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		conditions = append(conditions, c)
	}

	return conditions, nil
}

// compileCondition compiles one entry of a list: a value or an operator.
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
