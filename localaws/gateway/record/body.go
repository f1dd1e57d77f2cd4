package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"reflect"
	"regexp"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// cleanBody is a body as JSON, without its secrets: an object where it was JSON,
// CBOR or a form, and text where it was XML. It is nil where there was none.
func cleanBody(e *Exchange, p *Part) json.RawMessage {
	if len(p.Body) == 0 {
		return nil
	}
	if !e.Readable {
		return leftOut(p.Body, "not of a service that is known here")
	}
	v, err := parse(p)
	if err != nil {
		return leftOut(p.Body, err.Error())
	}
	b, err := json.Marshal(clean("", v))
	if err != nil {
		return leftOut(p.Body, err.Error())
	}
	if len(b) > MaxBody {
		cut := bytes.ToValidUTF8(b[:MaxBody], nil)
		b, _ = json.Marshal(map[string]any{"beginning": string(cut), "bytes": len(b)}) // strings and a number encode
	}
	return b
}

// leftOut stands for a body that is not shown.
func leftOut(body []byte, why string) json.RawMessage {
	b, _ := json.Marshal(map[string]any{"left_out": why, "bytes": len(body)}) // a string and a number encode
	return b
}

// parse reads a body by its content type.
func parse(p *Part) (any, error) {
	kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
	switch {
	case kind == "application/cbor":
		return parseCBOR(p.Body)
	case kind == "application/x-www-form-urlencoded" && !json.Valid(p.Body):
		return parseForm(p.Body)
	case kind == "text/xml" || kind == "application/xml":
		return secretElement.ReplaceAllString(string(p.Body), "<$1>"+removed+"</$1>"), nil
	case kind == "text/plain" && !json.Valid(p.Body):
		return string(p.Body), nil
	}
	return parseJSON(p.Body)
}

// parseJSON reads JSON, whatever the content type calls it: REST requests of some
// clients have none.
func parseJSON(b []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if d.More() {
		return nil, fmt.Errorf("not one JSON value")
	}
	return v, nil
}

func parseCBOR(b []byte) (any, error) {
	// Maps with other keys than text are refused, for clean goes by keys.
	mode, err := cbor.DecOptions{DefaultMapType: reflect.TypeFor[map[string]any](), MaxNestedLevels: 32}.DecMode()
	if err != nil {
		return nil, fmt.Errorf("not readable CBOR: %w", err)
	}
	var v any
	if err := mode.Unmarshal(b, &v); err != nil {
		return nil, fmt.Errorf("not CBOR: %w", err)
	}
	return v, nil
}

func parseForm(b []byte) (any, error) {
	values, err := url.ParseQuery(string(b))
	if err != nil {
		return nil, fmt.Errorf("not a form: %w", err)
	}
	out := make(map[string]any, len(values))
	for name, v := range values {
		out[name] = strings.Join(v, ",")
	}
	return out, nil
}

// secretElement is an XML element that holds a secret, such as in the answer of
// AssumeRole.
var secretElement = regexp.MustCompile(`(?s)<(SecretAccessKey|SessionToken)>.*?</(?:SecretAccessKey|SessionToken)>`)

// measured is the part of a refusal of Lambda's that repeats the environment
// (LAM C16).
var measured = regexp.MustCompile(`(?s)String measured: .*`)

// clean removes secrets from a value that lies under a key.
func clean(key string, v any) any {
	switch strings.ToLower(key[strings.LastIndexByte(key, '.')+1:]) {
	case "secretaccesskey", "sessiontoken":
		return removed
	case "zipfile":
		return fmt.Sprintf("%s: %d characters", removed, len(fmt.Sprint(v)))
	case "environment":
		if settings, ok := v.(map[string]any); ok {
			cleanVariables(settings)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = clean(k, v[k])
		}
	case []any:
		for i := range v {
			v[i] = clean("", v[i])
		}
	case string:
		return measured.ReplaceAllString(v, "String measured: "+removed)
	}
	return v
}

// cleanVariables keeps the names of a function's variables and none of their
// values.
func cleanVariables(environment map[string]any) {
	variables, ok := environment["Variables"].(map[string]any)
	if !ok {
		environment["Variables"] = removed
		return
	}
	for name := range variables {
		variables[name] = removed
	}
}
