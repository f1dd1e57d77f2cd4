package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"

	"github.com/reliableq/reliableq/localaws/awsapi/awsjson"
)

// DecodeJSON reads a JSON object into in, a pointer to an operation's input that is
// zero. An empty body counts as {}.
func DecodeJSON(body []byte, in any) error {
	if awsjson.Decode(body, in) {
		return nil
	}

	// Start again by a way that supports every type and names what is wrong.
	v := reflect.ValueOf(in).Elem()
	v.SetZero()
	node, err := parseJSON(body)
	if err != nil {
		return err
	}
	return bindStruct(node, v, "")
}

// parseJSON reads one JSON value and nothing after it.
func parseJSON(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}

	d := json.NewDecoder(bytes.NewReader(body))
	// A float64 would lose digits of large integers.
	d.UseNumber()
	var node any
	if err := d.Decode(&node); err != nil {
		return nil, malformed("", "not valid JSON: %v", err)
	}
	// A second value would be ignored otherwise.
	if _, err := d.Token(); err != io.EOF {
		return nil, malformed("", "not valid JSON: more follows the first value")
	}
	if node == nil {
		return nil, malformed("", "want an object, got null")
	}
	return node, nil
}

// AppendJSON appends an operation's output as a JSON object.
func AppendJSON(dst []byte, out any) ([]byte, error) {
	if dst, ok := awsjson.Append(dst, out); ok {
		return dst, nil
	}

	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	// The same text as that of package awsjson, which does not escape < and >.
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return dst, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
