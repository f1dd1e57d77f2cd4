package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// redactRequest returns the body of a request as JSON, without its secrets.
func redactRequest(e *Exchange) json.RawMessage {
	if e.Request.Truncated {
		return omitted(e.Request.Body, "too long")
	}
	return redactBody(e, &e.Request)
}

// redactResponse returns the body of a response as JSON, without its secrets. An error
// for a malformed request is omitted: it may repeat a part of the request, and which
// part is secret is not known then.
func redactResponse(e *Exchange) json.RawMessage {
	if len(e.Response.Body) > 0 && e.Status >= http.StatusBadRequest && !requestIsWellFormed(e) {
		return omitted(e.Response.Body, "it may repeat a request that cannot be read")
	}
	return redactBody(e, &e.Response)
}

// requestIsWellFormed reports whether all parts of a request that may contain secrets are
// well-formed. A part that is removed as a whole was malformed.
func requestIsWellFormed(e *Exchange) bool {
	for _, v := range e.Request.Header.Values("Authorization") {
		// Bearer tokens are removed as a whole even if they are well-formed.
		if redactAuthorization(v) == removed && !strings.HasPrefix(v, "Bearer ") {
			return false
		}
	}

	if strings.Contains(redactTarget(e.Target), "?"+removed) || strings.HasPrefix(redactTarget(e.Target), "/"+removed) {
		return false
	}

	if e.Request.Truncated || len(e.Request.Body) > 0 && e.SecretsKnown {
		_, err := parseRequest(&e.Request)
		return err == nil && !e.Request.Truncated
	}
	return true
}

// redactBody returns a body as JSON, without its secrets: an object for JSON, CBOR and
// forms, and text for XML. It returns nil for an empty body.
func redactBody(e *Exchange, p *Part) json.RawMessage {
	if len(p.Body) == 0 {
		return nil
	}
	if !e.SecretsKnown {
		return omitted(p.Body, "not of a known operation")
	}

	// Responses may be XML and plain text, too.
	read := parseRequest
	if p == &e.Response {
		read = parseResponse
	}

	v, err := read(p)
	if err != nil {
		return omitted(p.Body, err.Error())
	}

	r := redactor{event: e.Operation == "Invoke" && p == &e.Request}
	b, err := json.Marshal(r.redact("", v))
	if err != nil {
		return omitted(p.Body, err.Error())
	}

	// Cut after redaction: what is left of a cut body is not JSON and cannot be redacted.
	if len(b) > MaxBody {
		cut := bytes.ToValidUTF8(b[:MaxBody], nil)
		b, _ = json.Marshal(map[string]any{"beginning": string(cut), "bytes": len(b)}) // a string and a number always encode
	}
	return b
}

// omitted returns what replaces a body that is not recorded.
func omitted(body []byte, why string) json.RawMessage {
	b, _ := json.Marshal(map[string]any{"left_out": why, "bytes": len(body)}) // a string and a number always encode
	return b
}

// parseRequest reads the body of a request by its content type.
func parseRequest(p *Part) (any, error) {
	kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")) // a malformed type counts as JSON
	switch {
	case kind == "application/cbor":
		return parseCBOR(p.Body)
	case kind == "application/x-www-form-urlencoded" && !json.Valid(p.Body):
		return parseForm(p.Body)
	}
	return parseJSON(p.Body)
}

// parseResponse reads the body of a response: like that of a request, or XML, whose
// elements are complete because the server has written them, or plain text.
func parseResponse(p *Part) (any, error) {
	kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")) // well-formed: the server wrote it
	switch {
	case kind == "text/xml" || kind == "application/xml":
		return secretElement.ReplaceAllString(string(p.Body), "<$1>"+removed+"</$1>"), nil
	case kind == "text/plain" && !json.Valid(p.Body):
		return string(p.Body), nil
	}
	return parseRequest(p)
}

// parseJSON reads JSON, whatever the content type: REST requests of some clients have
// none.
func parseJSON(b []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if d.More() {
		return nil, errors.New("not JSON: more than one value")
	}
	return v, nil
}

func parseCBOR(b []byte) (any, error) {
	// Maps whose keys are not text are refused, because secrets are found by keys.
	mode, err := cbor.DecOptions{
		DefaultMapType:  reflect.TypeFor[map[string]any](),
		MaxNestedLevels: 32,
	}.DecMode()
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
		if !parameterName.MatchString(name) { // JSON that was cut off is a form with one name
			return nil, errors.New("not a form: a name has characters that parameters do not have")
		}
		out[name] = strings.Join(v, ",")
	}

	return out, nil
}

// secretElement is an XML element with a secret, as in the response of AssumeRole.
var secretElement = regexp.MustCompile(`(?s)<(SecretAccessKey|SessionToken)>.*?</(?:SecretAccessKey|SessionToken)>`)

// repeatedEnvironment is the end of Lambda's error for an environment that is too large. It
// repeats all variables (LAM C16).
var repeatedEnvironment = regexp.MustCompile(`(?s)String measured: .*`)

// redactor removes secrets from a decoded body.
type redactor struct {
	event bool // the body is a function's event, which is recorded
}

// redact returns the value of a key without secrets. It may change v.
func (r redactor) redact(key string, v any) any {
	member := strings.ToLower(key[strings.LastIndexByte(key, '.')+1:])
	switch {
	case isSecretMember(member):
		return removed
	case member == "zipfile":
		return fmt.Sprintf("%s: %d characters", removed, len(fmt.Sprint(v)))
	case member == "environment" && !r.event:
		return redactEnvironment(v)
	case member == "variables" && !r.event: // below a misspelt name of the environment
		return redactVariables(v)
	}

	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = r.redact(k, v[k])
		}
	case []any:
		for i := range v {
			v[i] = r.redact("", v[i])
		}
	case string:
		// Secrets that responses have within a text.
		v = repeatedEnvironment.ReplaceAllString(v, "String measured: "+removed)
		return codeURL.ReplaceAllString(v, "${1}"+removed)
	}

	return v
}

// isSecretMember reports whether a member's name, in lower case, is that of a secret, even
// if it is written differently, such as secret_access_key.
func isSecretMember(name string) bool {
	switch strings.NewReplacer("_", "", "-", "", " ", "").Replace(name) {
	case "secretaccesskey", "sessiontoken", "securitytoken", "secretkey", "xamzsignature", "xamzsecuritytoken", "password":
		return true
	}
	return false
}

// redactEnvironment returns the names of a function's variables, and the error of an
// environment in a response. Any other member may be a value.
func redactEnvironment(v any) any {
	settings, ok := v.(map[string]any)
	if !ok {
		if v == nil {
			return nil
		}
		return removed
	}

	for name, value := range settings {
		switch strings.ToLower(name) {
		case "variables":
			settings[name] = redactVariables(value)
		case "error":
		default:
			settings[name] = removed
		}
	}

	return settings
}

// redactVariables returns a function's variables without their values.
func redactVariables(v any) any {
	variables, ok := v.(map[string]any)
	if !ok {
		return removed
	}
	for name := range variables {
		variables[name] = removed
	}
	return variables
}
