package awsjson

import "reflect"

// Append appends out, a pointer to a struct, as a JSON object. It reports false, and
// appends nothing, if the fast path does not support the type.
func Append(dst []byte, out any) ([]byte, bool) {
	v := reflect.ValueOf(out)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return dst, false
	}
	c := codecOf(v.Elem().Type())
	if c.encode == nil {
		return dst, false
	}
	return c.encode(dst, v.Elem()), true
}
