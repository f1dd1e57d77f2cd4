package wire

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

var (
	timestampType   = reflect.TypeFor[awsapi.Timestamp]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	bytesType       = reflect.TypeFor[[]byte]()
)

// bind sets v from a decoded node: nil, bool, json.Number, int64, uint64,
// float64, string, []byte, time.Time, []any or map[string]any.
func bind(node any, v reflect.Value, path string) error {
	if node == nil {
		return nil
	}

	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		p := reflect.New(t.Elem())
		if err := bind(node, p.Elem(), path); err != nil {
			return err
		}
		v.Set(p)
		return nil
	case t == timestampType:
		// Before UnmarshalJSON, which knows numbers only: Query has ISO 8601, CBOR a tag
		// (LAM E15).
		return bindTime(node, v, path)
	case v.CanAddr() && reflect.PointerTo(t).Implements(unmarshalerType):
		return bindOwn(node, v, path)
	case t == bytesType:
		return bindBytes(node, v, path)
	}

	switch t.Kind() {
	case reflect.Struct:
		return bindStruct(node, v, path)
	case reflect.Slice:
		return bindSlice(node, v, path)
	case reflect.Map:
		return bindMap(node, v, path)
	case reflect.Interface:
		v.Set(reflect.ValueOf(node))
		return nil
	}

	return bindScalar(node, v, path)
}

func bindStruct(node any, v reflect.Value, path string) error {
	members, ok := node.(map[string]any)
	if !ok {
		return malformed(path, "want a structure, got %s", kind(node))
	}

	s := shapeOf(v.Type())
	for _, name := range slices.Sorted(maps.Keys(members)) { // so that the same error is returned each time
		val := members[name]
		m := s.byName[name]
		if m == nil {
			// Ignoring a member that has content would silently change what the request
			// means.
			if empty(val) {
				continue
			}
			return unsupported(join(path, name))
		}
		if err := bind(val, v.FieldByIndex(m.field), join(path, name)); err != nil {
			return err
		}
	}

	return nil
}

func bindSlice(node any, v reflect.Value, path string) error {
	list, ok := node.([]any)
	if !ok {
		return malformed(path, "want a list, got %s", kind(node))
	}

	out := reflect.MakeSlice(v.Type(), len(list), len(list))
	for i, e := range list {
		// Paths in errors count from 1, as Query does (SQS B3).
		if err := bind(e, out.Index(i), join(path, strconv.Itoa(i+1))); err != nil {
			return err
		}
	}

	v.Set(out)
	return nil
}

func bindMap(node any, v reflect.Value, path string) error {
	entries, ok := node.(map[string]any)
	if !ok {
		return malformed(path, "want a map, got %s", kind(node))
	}

	t := v.Type()
	out := reflect.MakeMapWithSize(t, len(entries))
	for _, k := range slices.Sorted(maps.Keys(entries)) {
		val := reflect.New(t.Elem()).Elem()
		if err := bind(entries[k], val, join(path, k)); err != nil {
			return err
		}
		// The key's type may be a named string.
		out.SetMapIndex(reflect.ValueOf(k).Convert(t.Key()), val)
	}

	v.Set(out)
	return nil
}

func bindBytes(node any, v reflect.Value, path string) error {
	switch n := node.(type) {
	case []byte:
		v.SetBytes(n)
		return nil
	case string:
		b, err := base64.StdEncoding.DecodeString(n)
		if err != nil {
			return malformed(path, "want base64")
		}
		v.SetBytes(b)
		return nil
	}

	return malformed(path, "want bytes, got %s", kind(node))
}

// bindOwn sets a value of a type that has its own UnmarshalJSON.
func bindOwn(node any, v reflect.Value, path string) error {
	// The node may come from CBOR or Query, but the type decodes JSON only.
	raw, err := json.Marshal(node)
	if err == nil {
		err = v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw)
	}
	if err != nil {
		return malformed(path, "%v", err)
	}
	return nil
}

func bindTime(node any, v reflect.Value, path string) error {
	var at awsapi.Timestamp
	switch n := node.(type) {
	case time.Time:
		at = awsapi.Timestamp(n.Round(time.Millisecond).UTC()) // it was a float, which is not exact
	case json.Number:
		if err := at.UnmarshalJSON([]byte(n)); err != nil {
			return malformed(path, "want a time, got %s", n)
		}
	case string:
		t, err := time.Parse(time.RFC3339, n)
		if err != nil {
			return malformed(path, "want a time such as 2026-01-02T03:04:05Z")
		}
		at = awsapi.Timestamp(t.UTC())
	default:
		f, ok := number(node)
		// The bound, in seconds, is that of Timestamp.UnmarshalJSON.
		if !ok || math.Abs(f) > 1<<40 {
			return malformed(path, "want a time, got %s", kind(node))
		}
		at = awsapi.Timestamp(time.UnixMilli(int64(math.Round(f * 1000))).UTC())
	}

	v.Set(reflect.ValueOf(at))
	return nil
}

func bindScalar(node any, v reflect.Value, path string) error {
	switch v.Kind() {
	case reflect.String:
		if s, ok := node.(string); ok {
			v.SetString(s)
			return nil
		}
		return malformed(path, "want a string, got %s", kind(node))
	case reflect.Bool:
		if b, ok := node.(bool); ok {
			v.SetBool(b)
			return nil
		}
		return malformed(path, "want true or false, got %s", kind(node))
	case reflect.Float32, reflect.Float64:
		if f, ok := number(node); ok {
			v.SetFloat(f)
			return nil
		}
		return malformed(path, "want a number, got %s", kind(node))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if i, ok := integer(node); ok && !v.OverflowInt(i) {
			v.SetInt(i)
			return nil
		}
		return malformed(path, "want a whole number of %d bits, got %s", v.Type().Bits(), kind(node))
	}

	return malformed(path, "cannot be read into %s", v.Type())
}

func number(node any) (float64, bool) {
	switch n := node.(type) {
	case json.Number:
		f, err := n.Float64()
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		// Unlike JSON, CBOR has NaN, which would pass every comparison with a limit.
		return n, !math.IsNaN(n) && !math.IsInf(n, 0)
	}

	return 0, false
}

// integer returns a number without a fraction: 5, 5.0, 5e0.
func integer(node any) (int64, bool) {
	switch n := node.(type) {
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return i, true
		}
	case int64:
		return n, true
	case uint64:
		return int64(n), n <= math.MaxInt64
	}

	// From 1<<53 on, a float64 cannot represent every whole number.
	f, ok := number(node)
	return int64(f), ok && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

// empty reports whether an unknown member can be ignored because it has no content.
func empty(node any) bool {
	switch n := node.(type) {
	case nil:
		return true
	case string:
		return n == ""
	case []byte:
		return len(n) == 0
	case []any:
		return len(n) == 0
	case map[string]any:
		return len(n) == 0
	}

	return false
}

// kind returns the kind of a node, for messages.
func kind(node any) string {
	switch node.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case []byte:
		return "bytes"
	case []any:
		return "a list"
	case map[string]any:
		return "a structure"
	case time.Time:
		return "a time"
	}

	return "a number"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
