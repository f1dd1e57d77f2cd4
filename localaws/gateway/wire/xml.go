package wire

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"sort"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// AppendXML appends an operation's response: <NameResponse> with a <NameResult> around
// the members of out, or without one if out is nil (SQS B4, LAM D2).
func (q Query) AppendXML(dst []byte, operation string, out any, requestID string) []byte {
	w := xmlWriter{b: dst, flat: q.Flattened}
	w.b = append(w.b, `<?xml version="1.0"?><`...)
	w.b = append(append(w.b, operation...), `Response xmlns="`...)
	w.text(q.Namespace)
	w.b = append(w.b, `">`...)

	if out != nil {
		w.structure(operation+"Result", indirect(reflect.ValueOf(out)))
	}

	w.open("ResponseMetadata")
	w.leaf("RequestId", requestID)
	w.close("ResponseMetadata")
	w.close(operation + "Response")
	return w.b
}

// AppendXMLError appends an error response (SQS B6, LAM D3). Only flattened services
// have an empty Detail.
func (q Query) AppendXMLError(dst []byte, e *awsapi.Error, requestID string) []byte {
	w := xmlWriter{b: dst}
	w.b = append(w.b, `<?xml version="1.0"?><ErrorResponse`...)
	if q.Namespace != "" {
		w.b = append(w.b, ` xmlns="`...)
		w.text(q.Namespace)
		w.b = append(w.b, '"')
	}

	w.b = append(w.b, "><Error>"...)

	side := "Sender"
	if e.Receiver() {
		side = "Receiver"
	}

	w.leaf("Type", side)
	w.leaf("Code", e.LegacyCode())
	w.leaf("Message", e.Message)
	if q.Flattened {
		w.b = append(w.b, "<Detail/>"...)
	}

	w.close("Error")
	w.leaf("RequestId", requestID)
	w.close("ErrorResponse")
	return w.b
}

// AppendS3Error appends an error in the form of S3, which is not embedded: its clients
// get an error that they can read.
func AppendS3Error(dst []byte, e *awsapi.Error, requestID string) []byte {
	w := xmlWriter{b: append(dst, `<?xml version="1.0"?>`...)}
	w.open("Error")
	w.leaf("Code", e.LegacyCode())
	w.leaf("Message", e.Message)
	w.leaf("RequestId", requestID)
	w.close("Error")
	return w.b
}

type xmlWriter struct {
	b    []byte
	flat bool
}

func (w *xmlWriter) open(name string)  { w.b = append(append(append(w.b, '<'), name...), '>') }
func (w *xmlWriter) close(name string) { w.b = append(append(append(w.b, "</"...), name...), '>') }
func (w *xmlWriter) empty(name string) { w.b = append(append(append(w.b, '<'), name...), "/>"...) }

func (w *xmlWriter) leaf(name, text string) {
	w.open(name)
	w.text(text)
	w.close(name)
}

// text appends escaped text. A carriage return is written as &#xD; (SQS B11), and a
// character that XML does not permit as U+FFFD.
func (w *xmlWriter) text(s string) {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '&':
			w.b = append(w.b, "&amp;"...)
		case r == '<':
			w.b = append(w.b, "&lt;"...)
		case r == '>':
			w.b = append(w.b, "&gt;"...)
		case r == '"':
			w.b = append(w.b, "&quot;"...)
		case r == '\r':
			w.b = append(w.b, "&#xD;"...)
		case r == utf8.RuneError && n == 1, r < 0x20 && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			w.b = utf8.AppendRune(w.b, utf8.RuneError)
		default:
			w.b = append(w.b, s[i:i+n]...)
		}

		i += n
	}
}

func (w *xmlWriter) members(v reflect.Value) {
	for i := range shapeOf(v.Type()).members {
		m := &shapeOf(v.Type()).members[i]
		if m.location != inBody {
			continue
		}
		f := v.FieldByIndex(m.field)
		if absent(f, m) {
			continue
		}
		w.member(m, indirect(f))
	}
}

// absent reports whether a member is omitted: nil, or empty with omitempty.
func absent(f reflect.Value, m *member) bool {
	switch f.Kind() {
	case reflect.Pointer, reflect.Interface:
		return f.IsNil()
	case reflect.Slice, reflect.Map:
		return m.omitEmpty && f.Len() == 0
	}
	return m.omitEmpty && f.IsZero()
}

// member writes a member of a structure by its type.
func (w *xmlWriter) member(m *member, v reflect.Value) {
	switch {
	case v.Type() == bytesType || v.Type() == timestampType:
		w.scalar(m.query, v)
	case v.Kind() == reflect.Slice:
		w.list(m, v)
	case v.Kind() == reflect.Map:
		w.mapEntries(m, v)
	default:
		w.value(m.query, v)
	}
}

// list writes a list: flattened as one element for each item, else as one element with an
// element "member" for each.
func (w *xmlWriter) list(m *member, v reflect.Value) {
	if w.flat {
		for i := range v.Len() {
			w.value(m.query, indirect(v.Index(i)))
		}
		return
	}
	if v.Len() == 0 {
		w.empty(m.query)
		return
	}

	w.open(m.query)
	for i := range v.Len() {
		w.value("member", indirect(v.Index(i)))
	}

	w.close(m.query)
}

// mapEntries writes a map like a list, with an element for each entry that holds its key
// and its value.
func (w *xmlWriter) mapEntries(m *member, v reflect.Value) {
	entry := m.query
	if !w.flat {
		if v.Len() == 0 {
			w.empty(m.query)
			return
		}
		entry = "entry"
		w.open(m.query)
	}

	// Sorted, so that equal outputs have equal responses.
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	for _, k := range keys {
		w.open(entry)
		w.leaf(m.key, k.String())
		w.value(m.val, indirect(v.MapIndex(k)))
		w.close(entry)
	}

	if !w.flat {
		w.close(m.query)
	}
}

// value writes a structure or a scalar.
func (w *xmlWriter) value(name string, v reflect.Value) {
	if v.Kind() != reflect.Struct || v.Type() == timestampType {
		w.scalar(name, v)
		return
	}
	w.structure(name, v)
}

// structure writes an element with members, or an empty element if there are none.
func (w *xmlWriter) structure(name string, v reflect.Value) {
	before := len(w.b)
	w.open(name)
	opened := len(w.b)
	w.members(v)
	if len(w.b) == opened {
		w.b = w.b[:before]
		w.empty(name)
		return
	}

	w.close(name)
}

func (w *xmlWriter) scalar(name string, v reflect.Value) {
	w.open(name)
	switch x := v.Interface().(type) {
	case awsapi.Timestamp:
		w.text(time.Time(x).UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.999Z07:00"))
	case []byte:
		w.text(base64.StdEncoding.EncodeToString(x))
	case json.Marshaler:
		raw, _ := x.MarshalJSON() // a value that cannot be encoded is written empty
		w.text(string(raw))
	default:
		w.plain(v)
	}

	w.close(name)
}

func (w *xmlWriter) plain(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		w.text(v.String())
	case reflect.Bool:
		w.b = strconv.AppendBool(w.b, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.b = strconv.AppendInt(w.b, v.Int(), 10)
	case reflect.Float32, reflect.Float64:
		w.b = strconv.AppendFloat(w.b, v.Float(), 'f', -1, 64)
	}
}

// indirect follows pointers; for a nil pointer it returns the zero value.
func indirect(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return reflect.Zero(v.Type().Elem())
		}
		v = v.Elem()
	}
	return v
}
