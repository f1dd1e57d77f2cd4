package wire

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// Request has the parts of a request from which a REST operation's input is decoded.
type Request struct {
	// Path holds the values of the path's {Name} parts, unescaped.
	Path map[string]string
	// Query is the query string.
	Query url.Values
	// Header is the request's header.
	Header http.Header
	// Body is the request's body.
	Body []byte
}

// DecodeREST reads a request into in, a pointer to an operation's input.
func DecodeREST(r Request, in any) error {
	v := reflect.ValueOf(in).Elem()
	s := shapeOf(v.Type())
	if err := s.bindBody(r.Body, v); err != nil {
		return err
	}

	// The query string may have parameters of the signature besides the input's.
	for name := range r.Query {
		if s.params[name] == nil && !strings.HasPrefix(name, "X-Amz-") && r.Query.Get(name) != "" {
			return unsupported(name)
		}
	}

	for i := range s.members {
		m := &s.members[i]
		values := m.values(r)
		if len(values) == 0 {
			continue
		}
		if err := bindTexts(values, v.FieldByIndex(m.field), m.locationName); err != nil {
			return err
		}
	}

	return nil
}

func (s *shape) bindBody(body []byte, v reflect.Value) error {
	if s.payload != nil {
		f := v.FieldByIndex(s.payload.field)
		if f.Type() == bytesType {
			// The payload need not be JSON: the operation decides.
			f.SetBytes(body)
			return nil
		}
		v = f
	}

	node, err := parseJSON(body)
	if err != nil {
		return err
	}
	return bindStruct(node, v, "")
}

// values returns the texts of a member that is not in the body.
func (m *member) values(r Request) []string {
	switch m.location {
	case inPath:
		if s, ok := r.Path[m.locationName]; ok {
			return []string{s}
		}
	case inQuery:
		return r.Query[m.locationName]
	case inHeader:
		return r.Header.Values(m.locationName)
	}

	return nil
}

func bindTexts(values []string, v reflect.Value, path string) error {
	if v.Kind() == reflect.Slice && v.Type() != bytesType {
		list := make([]any, len(values))
		for i, s := range values {
			list[i] = fromText(s, v.Type().Elem())
		}
		return bind(list, v, path)
	}
	return bind(fromText(values[0], v.Type()), v, path)
}

// EncodeREST encodes an operation's output: headers into h, and the rest as the body.
// The status is 0 if the output has none.
func EncodeREST(h http.Header, out any) (status int, body []byte, err error) {
	v := indirect(reflect.ValueOf(out))
	s := shapeOf(v.Type())
	for i := range s.members {
		m := &s.members[i]
		f := v.FieldByIndex(m.field)
		switch m.location {
		case inHeader:
			if f = indirect(f); !f.IsZero() {
				h.Set(m.locationName, fmt.Sprint(f.Interface()))
			}
		case inStatus:
			status = int(indirect(f).Int())
		}
	}

	if s.payload != nil {
		return status, v.FieldByIndex(s.payload.field).Bytes(), nil
	}

	body, err = AppendJSON(nil, out)
	return status, body, err
}
