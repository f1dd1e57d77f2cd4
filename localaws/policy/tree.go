package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxDepth bounds how deep a policy's JSON may nest; a valid one needs six.
const maxDepth = 16

var (
	errDuplicate = errors.New("a key stands twice in an object")
	errDepth     = errors.New("nested too deep")
)

// parseTree reads JSON into nil, bool, json.Number, string, []any and
// map[string]any, and refuses keys that stand twice: encoding/json would keep the
// last.
func parseTree(text string) (any, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	v, err := treeValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more follows the first value")
	}
	return v, nil
}

func treeValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return treeObject(d, depth)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := treeValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

func treeObject(d *json.Decoder, depth int) (any, error) {
	m := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if _, twice := m[key]; twice {
			return nil, errDuplicate
		}
		if m[key], err = treeValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return m, err
}
