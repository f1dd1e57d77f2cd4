package awsjson

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// Decode reads a JSON object into in, a pointer to a struct that is zero. If it
// reports false, in is in an undefined state: decode again into a new one.
func Decode(body []byte, in any) bool {
	v := reflect.ValueOf(in).Elem()
	c := codecOf(v.Type())
	if c.decode == nil {
		return false
	}

	// Nothing may follow the object. At a zero byte peek returns 0 too: compare lengths.
	r := &reader{b: body}
	return r.peek() == '{' && c.decode(r, v) && r.peek() == 0 && r.i == len(r.b)
}

// reader is a position in a JSON text. Its methods report false on a syntax error.
type reader struct {
	b []byte
	i int
}

// peek returns the next byte that is not a space; 0 at the end.
func (r *reader) peek() byte {
	for r.i < len(r.b) {
		switch c := r.b[r.i]; c {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return c
		}
	}
	return 0
}

// consume skips c if it is next.
func (r *reader) consume(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.i++
	return true
}

// word skips a word such as null if it is next.
func (r *reader) word(w string) bool {
	if r.peek() != w[0] || len(r.b)-r.i < len(w) || string(r.b[r.i:r.i+len(w)]) != w {
		return false
	}
	r.i += len(w)
	return true
}

// object reads an object. member reads the value of each name; the name is valid only
// during the call.
func (r *reader) object(member func(name []byte) bool) bool {
	if !r.consume('{') {
		return false
	}
	if r.consume('}') {
		return true
	}

	for {
		name, ok := r.name()
		if !ok || !r.consume(':') || !member(name) {
			return false
		}
		if r.consume('}') {
			return true
		}
		if !r.consume(',') {
			return false
		}
	}
}

// name reads a member's name, usually without a copy.
func (r *reader) name() ([]byte, bool) {
	if r.peek() != '"' {
		return nil, false
	}
	start := r.i + 1

	// A name without escapes needs no copy.
	if end := start + plainPrefix(r.b[start:]); end < len(r.b) && r.b[end] == '"' {
		r.i = end + 1
		return r.b[start:end], true
	}
	s, ok := r.string()
	return []byte(s), ok
}

// string reads a string.
func (r *reader) string() (string, bool) {
	if !r.consume('"') {
		return "", false
	}

	// Look for the closing quote, and for what prevents a plain copy.
	start := r.i
	simple := true // no escapes
	ascii := true
	for r.i += plainPrefix(r.b[r.i:]); r.i < len(r.b); r.i += plainPrefix(r.b[min(r.i, len(r.b)):]) {
		switch c := r.b[r.i]; {
		case c == '"':
			raw := r.b[start:r.i]
			r.i++
			if simple && (ascii || utf8.Valid(raw)) {
				return string(raw), true
			}

			// Escapes, and bytes that are not UTF-8, are left to encoding/json.
			var s string
			err := json.Unmarshal(r.b[start-1:r.i], &s)
			return s, err == nil
		case c == '\\':
			simple = false
			r.i += 2 // the escaped character may be a quote
		case c < ' ':
			return "", false
		default:
			ascii = false
			r.i++
		}
	}
	return "", false
}

// integer reads a whole number; 5.0 and 5e0 are whole.
func (r *reader) integer() (int64, bool) {
	r.peek() // skips spaces
	start := r.i
	for r.i < len(r.b) && isNumberChar(r.b[r.i]) {
		r.i++
	}
	raw := r.b[start:r.i]
	if !json.Valid(raw) { // strconv accepts more, such as a leading zero
		return 0, false
	}

	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n, true
	}

	// Above 2^53 a float is not exact.
	f, err := strconv.ParseFloat(string(raw), 64)
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

func isNumberChar(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// bytes reads base64.
func (r *reader) bytes() ([]byte, bool) {
	s, ok := r.string()
	if !ok {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}
