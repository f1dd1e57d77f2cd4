package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DecodeJSON reads a JSON object into in, a pointer to an operation's input. An
// empty body counts as {}.
func DecodeJSON(body []byte, in any) error {
	if own, ok := in.(awsapi.JSONUnmarshaler); ok {
		return decodeOwn(own, body)
	}
	node, err := parseJSON(body)
	if err != nil {
		return err
	}
	return bindStruct(node, reflect.ValueOf(in).Elem(), "")
}

// decodeOwn lets an input read its own JSON, and gives its errors our form.
func decodeOwn(in awsapi.JSONUnmarshaler, body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	err := in.UnmarshalAWSJSON(body)
	var known *awsapi.Error
	var fault *Error
	if err == nil || errors.As(err, &known) || errors.As(err, &fault) {
		return err
	}
	return malformed("", "%v", err)
}

// parseJSON reads one JSON value and nothing after it.
func parseJSON(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var node any
	if err := d.Decode(&node); err != nil {
		return nil, malformed("", "not valid JSON: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, malformed("", "not valid JSON: more follows the first value")
	}
	if node == nil {
		return nil, malformed("", "want an object, got null")
	}
	return node, nil
}

// AppendJSON writes an operation's output as a JSON object.
func AppendJSON(dst []byte, out any) ([]byte, error) {
	if own, ok := out.(awsapi.JSONAppender); ok {
		return own.AppendAWSJSON(dst), nil
	}
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return dst, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
