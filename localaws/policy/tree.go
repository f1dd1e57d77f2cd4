package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxDepth is how deep a policy's JSON may nest. A valid policy needs six levels.
const maxDepth = 16

var (
	errDuplicate = errors.New("an object has a key twice")
	errDepth     = errors.New("nested too deep")
)

// parseTree decodes JSON into nil, bool, json.Number, string, []any and
// map[string]any. It refuses an object that has a key twice, of which encoding/json
// would take the last.
func parseTree(text string) (any, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()

	v, err := treeValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more text follows the JSON value")
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

	// Delimiters begin an object or a list; everything else is a value.
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
		key, _ := t.(string) // the decoder accepts nothing else here
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
