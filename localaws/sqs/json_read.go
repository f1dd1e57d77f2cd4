package sqs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// jsonReader reads the JSON of the operations that are called most, without
// reflection. It takes what encoding/json takes and means the same by it, but for
// names: they must have AWS's case. Strings with escapes, and members it does not
// know, are left to encoding/json.
type jsonReader struct {
	b         []byte
	i         int
	operation string
}

// fault says what was wanted where.
func (r *jsonReader) fault(want string) error {
	return fmt.Errorf("not valid JSON at byte %d: want %s", r.i, want)
}

// peek is the next byte that is not blank; zero at the end.
func (r *jsonReader) peek() byte {
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

// take goes past c if it comes next.
func (r *jsonReader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.i++
	return true
}

// null goes past a null, which counts as absent.
func (r *jsonReader) null() bool {
	if r.peek() == 'n' && bytes.HasPrefix(r.b[r.i:], []byte("null")) {
		r.i += len("null")
		return true
	}
	return false
}

// document reads an object and nothing after it.
func (r *jsonReader) document(member func(name []byte) error) error {
	if r.peek() != '{' {
		return r.fault("an object")
	}
	if err := r.object(member); err != nil {
		return err
	}
	if r.peek() != 0 || r.i < len(r.b) {
		return r.fault("the end")
	}
	return nil
}

// object reads an object or null, and has member read each value.
func (r *jsonReader) object(member func(name []byte) error) error {
	if r.null() {
		return nil
	}
	if !r.take('{') {
		return r.fault("an object")
	}
	if r.take('}') {
		return nil
	}
	for {
		name, err := r.name()
		if err != nil {
			return err
		}
		if !r.take(':') {
			return r.fault("a colon")
		}
		if err := member(name); err != nil {
			return err
		}
		if r.take('}') {
			return nil
		}
		if !r.take(',') {
			return r.fault("a comma or the end of the object")
		}
	}
}

// list reads a list or null, and has element read each value.
func (r *jsonReader) list(element func() error) error {
	if r.null() {
		return nil
	}
	if !r.take('[') {
		return r.fault("a list")
	}
	if r.take(']') {
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if r.take(']') {
			return nil
		}
		if !r.take(',') {
			return r.fault("a comma or the end of the list")
		}
	}
}

// name reads a member's name, which is good until the reader's bytes change: names
// are compared, and rarely kept.
func (r *jsonReader) name() ([]byte, error) {
	if r.peek() != '"' {
		return nil, r.fault("a name")
	}
	start := r.i + 1
	if end := start + plainPrefix(r.b[start:]); end < len(r.b) && r.b[end] == '"' {
		r.i = end + 1
		return r.b[start:end], nil
	}
	var name string // with escapes, not in ASCII, or not ended
	err := r.string(&name)
	return []byte(name), err
}

// string reads a string or null.
func (r *jsonReader) string(into *string) error {
	if r.null() {
		return nil
	}
	if !r.take('"') {
		return r.fault("a string")
	}
	start, plain, ascii := r.i, true, true
	for r.i += plainPrefix(r.b[r.i:]); r.i < len(r.b); r.i += plainPrefix(r.b[min(r.i, len(r.b)):]) {
		switch c := r.b[r.i]; {
		case c == '"':
			raw := r.b[start:r.i]
			r.i++
			if plain && (ascii || utf8.Valid(raw)) {
				*into = string(raw)
				return nil
			}
			if json.Unmarshal(r.b[start-1:r.i], into) != nil {
				r.i = start
				return r.fault("a string")
			}
			return nil
		case c == '\\':
			plain = false
			r.i += 2
		case c < ' ':
			return r.fault("a string without control characters")
		default:
			ascii = false
			r.i++
		}
	}
	r.i = len(r.b)
	return r.fault("the end of the string")
}

// text reads a string that may be absent.
func (r *jsonReader) text(into **string) error {
	if r.null() {
		return nil
	}
	var s string
	if err := r.string(&s); err != nil {
		return err
	}
	*into = &s
	return nil
}

// strings reads a list of strings.
func (r *jsonReader) strings(into *[]string) error {
	var out []string
	err := r.list(func() error {
		var s string
		err := r.string(&s)
		out = append(out, s)
		return err
	})
	*into = out
	return err
}

// binary reads base64.
func (r *jsonReader) binary(into *[]byte) error {
	var s string
	if err := r.string(&s); err != nil {
		return err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return r.fault("base64")
	}
	*into = b
	return nil
}

// number reads a whole number that may be absent; 5.0 and 5e0 are whole.
func (r *jsonReader) number(into **int) error {
	if r.null() {
		return nil
	}
	start := r.i
	for r.i < len(r.b) && bytes.IndexByte([]byte("+-.0123456789Ee"), r.b[r.i]) >= 0 {
		r.i++
	}
	raw := r.b[start:r.i]
	if !json.Valid(raw) {
		r.i = start
		return r.fault("a number")
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil {
		f, err := strconv.ParseFloat(string(raw), 64)
		if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
			r.i = start
			return r.fault("a whole number")
		}
		n = int(f)
	}
	*into = &n
	return nil
}

// unknown goes past a value that belongs to no known name: one that says nothing
// is ignored, any other is refused by name.
func (r *jsonReader) unknown(name []byte) error {
	var raw json.RawMessage
	d := json.NewDecoder(bytes.NewReader(r.b[r.i:]))
	if err := d.Decode(&raw); err != nil {
		return r.fault("a value")
	}
	r.i += int(d.InputOffset())
	switch string(raw) {
	case "null", `""`, "[]", "{}":
		return nil
	}
	return errUnknownMember.With("The embedded AWS does not support the parameter %s of %s.", name, r.operation)
}
