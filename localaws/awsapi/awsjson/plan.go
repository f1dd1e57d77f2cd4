package awsjson

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// codec is how values of a type are read and written. A nil function means that the
// fast path does not support it.
type codec struct {
	decode func(r *reader, v reflect.Value) bool
	encode func(dst []byte, v reflect.Value) []byte
	empty  func(v reflect.Value) bool // for omitempty
}

// field is one member of a struct.
type field struct {
	name      string
	prefix    string // the name as JSON, with the colon
	index     int
	omitEmpty bool
	codec     codec
}

// codecs is a cache of what follows from the type alone: reflect.Type to codec.
var codecs sync.Map

func codecOf(t reflect.Type) codec {
	if c, ok := codecs.Load(t); ok {
		return c.(codec)
	}
	c, _ := codecs.LoadOrStore(t, compile(t, nil))
	return c.(codec)
}

var (
	marshaler       = reflect.TypeFor[json.Marshaler]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// hasOwnJSON reports whether a type has a method of its own that reads or writes JSON.
func hasOwnJSON(t reflect.Type) bool {
	p := reflect.PointerTo(t) // methods that decode have a pointer receiver
	for _, i := range []reflect.Type{marshaler, unmarshaler, textMarshaler, textUnmarshaler} {
		if t.Implements(i) || p.Implements(i) {
			return true
		}
	}
	return false
}

// compile returns the codec of a type inside of others. It does not support a type
// that contains itself.
func compile(t reflect.Type, outer []reflect.Type) codec {
	if hasOwnJSON(t) || slices.Contains(outer, t) {
		return codec{}
	}
	outer = append(slices.Clip(outer), t)

	switch t.Kind() {
	case reflect.String:
		return stringCodec
	case reflect.Bool:
		return boolCodec
	case reflect.Int, reflect.Int32, reflect.Int64:
		return intCodec
	case reflect.Pointer:
		return pointerCodec(t, compile(t.Elem(), outer))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return bytesCodec
		}
		return sliceCodec(t, compile(t.Elem(), outer))
	case reflect.Map:
		if t == reflect.TypeFor[map[string]string]() {
			return stringMapCodec
		}
		return mapCodec(t, compile(t.Elem(), outer))
	case reflect.Struct:
		return structCodec(t, outer)
	}
	return codec{}
}

// fieldsOf returns the members of a struct; ok is false if the fast path does not
// support all of them.
func fieldsOf(t reflect.Type, outer []reflect.Type) (fields []field, ok bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if tag == "-" {
			continue
		}

		// An embedded struct has rules of its own, even if its type is not exported. Other
		// options than omitempty change the encoding.
		if f.Anonymous || options != "" && options != "omitempty" {
			return nil, false
		}
		if !f.IsExported() {
			continue
		}

		if name == "" {
			name = f.Name
		}
		fields = append(fields, field{
			name:      name,
			prefix:    string(AppendString(nil, name)) + ":",
			index:     i,
			omitEmpty: options == "omitempty",
			codec:     compile(f.Type, outer),
		})
	}
	return fields, true
}
