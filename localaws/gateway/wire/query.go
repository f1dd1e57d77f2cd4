package wire

import (
	"cmp"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// maxQueryDepth bounds how many dots a parameter's name may have.
const maxQueryDepth = 24

// notMembers are parameters of the protocol and of its signatures, of all versions.
var notMembers = map[string]bool{
	"Action":           true,
	"Version":          true,
	"AWSAccessKeyId":   true,
	"Signature":        true,
	"SignatureMethod":  true,
	"SignatureVersion": true,
	"SecurityToken":    true,
	"Expires":          true,
	"Timestamp":        true,
	"ContentType":      true,
}

// Query describes how a service writes lists and maps in the Query protocol.
type Query struct {
	// Flattened means Name.1 instead of Name.member.1, and a repeated element instead
	// of <Name><member>… (SQS B3, B5).
	Flattened bool
	// Namespace is the XML namespace of responses.
	Namespace string
}

// node is a part of a parameter's name between dots, with the parameters below it.
type node struct {
	value    *string // nil if there is none
	children map[string]*node
}

// Decode reads form parameters into in, a pointer to an operation's input.
func (q Query) Decode(form url.Values, in any) error {
	v := reflect.ValueOf(in).Elem()
	s := shapeOf(v.Type())
	// Parameters whose names share a prefix belong to one structure, list or map.
	root := &node{}
	for name, values := range form {
		// A member takes precedence over a parameter of the protocol with its name.
		// X-Amz- parameters are those of a presigned URL.
		if s.byQuery[name] == nil && (notMembers[name] || strings.HasPrefix(name, "X-Amz-")) {
			continue
		}
		if err := root.add(name, values[0]); err != nil {
			return err
		}
	}

	return q.bindStruct(root, v, "")
}

func (n *node) add(name, value string) error {
	// Decoding recurses once for each dot.
	if strings.Count(name, ".") > maxQueryDepth {
		return malformed(name, "too deep")
	}

	for part := range strings.SplitSeq(name, ".") {
		next := n.children[part]
		if next == nil {
			next = &node{}
			if n.children == nil {
				n.children = map[string]*node{}
			}
			n.children[part] = next
		}
		n = next
	}

	n.value = &value
	return nil
}

// hasContent reports whether there is any text at n or below it.
func (n *node) hasContent() bool {
	if n.value != nil && *n.value != "" {
		return true
	}
	for _, child := range n.children {
		if child.hasContent() {
			return true
		}
	}
	return false
}

func (q Query) bindStruct(n *node, v reflect.Value, path string) error {
	s := shapeOf(v.Type())
	if n.value != nil && *n.value != "" {
		return malformed(path, "want a structure, got a string")
	}

	for _, name := range n.names() {
		child := n.children[name]
		m := s.byQuery[name]
		if m == nil {
			if child.hasContent() {
				return unsupported(join(path, name))
			}
			continue
		}
		if err := q.bind(child, v.FieldByIndex(m.field), join(path, name), m); err != nil {
			return err
		}
	}

	return nil
}

func (q Query) bind(n *node, v reflect.Value, path string, m *member) error {
	t := v.Type()
	for t.Kind() == reflect.Pointer {
		v.Set(reflect.New(t.Elem()))
		v = v.Elem()
		t = t.Elem()
	}

	switch {
	case t == timestampType || t == bytesType || reflect.PointerTo(t).Implements(unmarshalerType):
		return q.bindText(n, v, path)
	case t.Kind() == reflect.Struct:
		return q.bindStruct(n, v, path)
	case t.Kind() == reflect.Slice:
		return q.bindSlice(n, v, path, m)
	case t.Kind() == reflect.Map:
		return q.bindMap(n, v, path, m)
	}

	return q.bindText(n, v, path)
}

func (q Query) bindSlice(n *node, v reflect.Value, path string, m *member) error {
	entries, err := q.entries(n, "member", path)
	if err != nil {
		return err
	}

	out := reflect.MakeSlice(v.Type(), len(entries), len(entries))
	for i, e := range entries {
		if err := q.bind(e, out.Index(i), join(path, strconv.Itoa(i+1)), m); err != nil {
			return err
		}
	}

	v.Set(out)
	return nil
}

func (q Query) bindMap(n *node, v reflect.Value, path string, m *member) error {
	entries, err := q.entries(n, "entry", path)
	if err != nil {
		return err
	}

	t := v.Type()
	out := reflect.MakeMapWithSize(t, len(entries))
	for i, e := range entries {
		at := join(path, strconv.Itoa(i+1))
		for name := range e.children {
			if name != m.key && name != m.val && e.children[name].hasContent() {
				return unsupported(join(at, name))
			}
		}

		key := e.children[m.key]
		if key == nil || key.value == nil {
			return malformed(at, "has no %s", m.key)
		}

		val := reflect.New(t.Elem()).Elem()
		if given := e.children[m.val]; given != nil {
			if err := q.bind(given, val, join(at, m.val), m); err != nil {
				return err
			}
		}

		out.SetMapIndex(reflect.ValueOf(*key.value).Convert(t.Key()), val)
	}

	v.Set(out)
	return nil
}

// entries returns the numbered children of a list or map, sorted by number.
func (q Query) entries(n *node, wrapper, path string) ([]*node, error) {
	// An empty list is sent as a parameter without a number and without text.
	if n.value != nil && *n.value != "" {
		return nil, malformed(path, "want a list, got a string")
	}
	// Lists of other services have one element called member or entry around them.
	if !q.Flattened {
		for name := range n.children {
			if name != wrapper {
				return nil, unsupported(join(path, name))
			}
		}
		if n = n.children[wrapper]; n == nil {
			return nil, nil
		}
	}

	type entry struct {
		number int
		n      *node
	}
	var list []entry
	for name, child := range n.children {
		number, err := strconv.Atoi(name)
		if err != nil || number < 1 {
			return nil, malformed(join(path, name), "want a number from 1 on")
		}
		list = append(list, entry{number, child})
	}

	// Numbers may have gaps: only their order counts.
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.number, b.number) })

	out := make([]*node, len(list))
	for i, e := range list {
		out[i] = e.n
	}

	return out, nil
}

// bindText sets a scalar from its text.
func (q Query) bindText(n *node, v reflect.Value, path string) error {
	if len(n.children) > 0 {
		return unsupported(join(path, n.names()[0]))
	}
	// A node without children ends a name, and so has a value: see add.
	return bind(fromText(*n.value, v.Type()), v, path)
}

// fromText returns a parameter's text as the node that bind expects for a type. Text
// that does not fit the type stays a string, which bind refuses.
func fromText(s string, t reflect.Type) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}

	switch t.Kind() {
	case reflect.Bool:
		// strconv.ParseBool would also accept 1, T and TRUE.
		if s == "true" || s == "false" {
			return s == "true"
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64:
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return json.Number(s)
		}
	}

	return s
}

func (n *node) names() []string {
	names := make([]string, 0, len(n.children))
	for name := range n.children {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
