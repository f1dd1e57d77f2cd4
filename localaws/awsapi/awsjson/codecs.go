package awsjson

import (
	"encoding/base64"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

var stringCodec = codec{
	decode: func(r *reader, v reflect.Value) bool {
		s, ok := r.string()
		v.SetString(s)
		return ok
	},
	encode: func(dst []byte, v reflect.Value) []byte { return AppendString(dst, v.String()) },
	empty:  func(v reflect.Value) bool { return v.Len() == 0 },
}

var boolCodec = codec{
	decode: func(r *reader, v reflect.Value) bool {
		isTrue := r.word("true")
		v.SetBool(isTrue)
		return isTrue || r.word("false")
	},
	encode: func(dst []byte, v reflect.Value) []byte { return strconv.AppendBool(dst, v.Bool()) },
	empty:  func(v reflect.Value) bool { return !v.Bool() },
}

var intCodec = codec{
	decode: func(r *reader, v reflect.Value) bool {
		n, ok := r.integer()
		v.SetInt(n)
		return ok && !v.OverflowInt(n)
	},
	encode: func(dst []byte, v reflect.Value) []byte { return strconv.AppendInt(dst, v.Int(), 10) },
	empty:  func(v reflect.Value) bool { return v.Int() == 0 },
}

var bytesCodec = codec{
	decode: func(r *reader, v reflect.Value) bool {
		b, ok := r.bytes()
		v.SetBytes(b)
		return ok
	},
	encode: func(dst []byte, v reflect.Value) []byte {
		if v.IsNil() {
			return append(dst, "null"...)
		}
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes())
		return append(dst, '"')
	},
	empty: func(v reflect.Value) bool { return v.Len() == 0 },
}

func pointerCodec(t reflect.Type, elem codec) codec {
	c := codec{empty: func(v reflect.Value) bool { return v.IsNil() }}

	// The caller has handled null: here the value is present.
	if elem.decode != nil {
		c.decode = func(r *reader, v reflect.Value) bool {
			v.Set(reflect.New(t.Elem()))
			return elem.decode(r, v.Elem())
		}
	}

	if elem.encode != nil {
		c.encode = func(dst []byte, v reflect.Value) []byte {
			if v.IsNil() {
				return append(dst, "null"...)
			}
			return elem.encode(dst, v.Elem())
		}
	}
	return c
}

func sliceCodec(t reflect.Type, elem codec) codec {
	c := codec{empty: func(v reflect.Value) bool { return v.Len() == 0 }}
	if elem.decode != nil {
		c.decode = func(r *reader, v reflect.Value) bool { return decodeSlice(r, v, elem.decode) }
	}

	if elem.encode != nil {
		c.encode = func(dst []byte, v reflect.Value) []byte {
			if v.IsNil() {
				return append(dst, "null"...)
			}

			dst = append(dst, '[')
			for i := range v.Len() {
				if i > 0 {
					dst = append(dst, ',')
				}
				dst = elem.encode(dst, v.Index(i))
			}
			return append(dst, ']')
		}
	}
	return c
}

// structsCapacity is the capacity of a new slice of structs: a batch has up to ten
// entries.
const structsCapacity = 10

func decodeSlice(r *reader, v reflect.Value, element func(*reader, reflect.Value) bool) bool {
	if !r.consume('[') {
		return false
	}

	capacity := 1
	if v.Type().Elem().Kind() == reflect.Struct {
		capacity = structsCapacity
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, capacity))
	if r.consume(']') {
		return true
	}

	for n := 0; ; n++ {
		// Decode into the slice itself, which saves a copy of each element.
		if n == v.Cap() {
			v.Grow(n)
		}
		v.SetLen(n + 1)

		// null leaves the zero value, as in encoding/json.
		if !r.word("null") && !element(r, v.Index(n)) {
			return false
		}

		if r.consume(']') {
			return true
		}
		if !r.consume(',') {
			return false
		}
	}
}

var stringMapCodec = codec{
	decode: func(r *reader, v reflect.Value) bool {
		m := map[string]string{}
		v.Set(reflect.ValueOf(m))
		return r.object(func(name []byte) bool {
			if r.word("null") { // encoding/json stores the zero value too
				m[string(name)] = ""
				return true
			}
			s, ok := r.string()
			m[string(name)] = s
			return ok
		})
	},
	encode: func(dst []byte, v reflect.Value) []byte {
		if v.IsNil() {
			return append(dst, "null"...)
		}
		m := v.Interface().(map[string]string)
		var buf [16]string // enough for the system attributes of a message: no allocation
		names := slices.AppendSeq(buf[:0], maps.Keys(m))
		slices.Sort(names)

		dst = append(dst, '{')
		for i, name := range names {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendString(dst, name), ':')
			dst = AppendString(dst, m[name])
		}
		return append(dst, '}')
	},
	empty: func(v reflect.Value) bool { return v.Len() == 0 },
}

// mapCodec supports maps with strings as keys.
func mapCodec(t reflect.Type, elem codec) codec {
	if t.Key().Kind() != reflect.String || hasOwnJSON(t.Key()) {
		return codec{}
	}
	c := codec{empty: func(v reflect.Value) bool { return v.Len() == 0 }}

	if elem.decode != nil {
		c.decode = func(r *reader, v reflect.Value) bool {
			// One value serves all entries: SetMapIndex copies it.
			v.Set(reflect.MakeMap(t))
			value := reflect.New(t.Elem()).Elem()
			return r.object(func(name []byte) bool {
				value.SetZero()
				if !r.word("null") && !elem.decode(r, value) {
					return false
				}
				v.SetMapIndex(reflect.ValueOf(string(name)).Convert(t.Key()), value)
				return true
			})
		}
	}

	if elem.encode != nil {
		c.encode = func(dst []byte, v reflect.Value) []byte {
			if v.IsNil() {
				return append(dst, "null"...)
			}

			// encoding/json sorts the names too.
			names := v.MapKeys()
			slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })

			dst = append(dst, '{')
			for i, name := range names {
				if i > 0 {
					dst = append(dst, ',')
				}
				dst = append(AppendString(dst, name.String()), ':')
				dst = elem.encode(dst, v.MapIndex(name))
			}
			return append(dst, '}')
		}
	}
	return c
}

func structCodec(t reflect.Type, outer []reflect.Type) codec {
	fields, ok := fieldsOf(t, outer)
	if !ok {
		return codec{}
	}

	plan := structPlan{fields}
	c := codec{
		decode: plan.decode,
		encode: plan.encode,
		empty:  func(reflect.Value) bool { return false },
	}
	for _, f := range fields {
		if f.codec.encode == nil {
			c.encode = nil // an output is written whole, or not at all
		}
	}
	return c
}

// structPlan is how a struct is read and written.
type structPlan struct {
	fields []field
}

// decode reads an object into a struct. As for every codec, false means that the text is
// malformed or that the fast path does not support it: the caller decodes again by
// slower means.
func (p *structPlan) decode(r *reader, v reflect.Value) bool {
	v.SetZero() // an earlier member of the same name may have set it: the last one counts
	next := 0
	return r.object(func(name []byte) bool {
		f := p.find(name, &next)
		if f == nil {
			return false // unknown, or spelled in another case, which encoding/json accepts
		}
		if r.word("null") {
			v.Field(f.index).SetZero()
			return true
		}
		return f.codec.decode != nil && f.codec.decode(r, v.Field(f.index))
	})
}

// find returns the field with a name, or nil. It starts the search at next, because
// members usually are in the order of the fields.
func (p *structPlan) find(name []byte, next *int) *field {
	for range p.fields {
		f := &p.fields[*next]
		*next = (*next + 1) % len(p.fields)
		if string(name) == f.name {
			return f
		}
	}
	return nil
}

func (p *structPlan) encode(dst []byte, v reflect.Value) []byte {
	dst = append(dst, '{')
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		value := v.Field(f.index)
		if f.omitEmpty && f.codec.empty(value) {
			continue
		}

		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = f.codec.encode(append(dst, f.prefix...), value)
	}
	return append(dst, '}')
}
