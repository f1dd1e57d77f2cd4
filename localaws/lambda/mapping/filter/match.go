package filter

// object is conditions on a JSON object: all fields, and one of either.
type object struct {
	fields []field // in order of name
	anyOf  []*object
}

// field is the condition on one member: an object's or a leaf's.
type field struct {
	name       string
	sub        *object
	conditions []condition
}

// condition is one entry of a leaf's list.
type condition struct {
	absent bool           // holds when the field is not there
	exists bool           // holds when the field is there
	test   func(any) bool // else: holds when one of the field's values passes
}

// match reports whether v, or any object within it when it is an array, meets
// the conditions. What is no object has no members: only absence can hold.
func (o *object) match(v any) bool {
	objects := appendObjects(nil, v)
	if len(objects) == 0 {
		return o.matchMembers(nil)
	}
	for _, m := range objects {
		if o.matchMembers(m) {
			return true
		}
	}
	return false
}

func (o *object) matchMembers(m map[string]any) bool {
	for i := range o.fields {
		if !o.fields[i].match(m) {
			return false
		}
	}

	if len(o.anyOf) == 0 {
		return true
	}

	for _, e := range o.anyOf {
		if e.matchMembers(m) {
			return true
		}
	}

	return false
}

func (f *field) match(m map[string]any) bool {
	v, there := m[f.name]
	if f.sub != nil {
		return f.sub.match(v)
	}
	if !there {
		return anyHolds(f.conditions, nil)
	}
	return anyHolds(f.conditions, appendValues(nil, v))
}

// anyHolds reports whether one condition holds for the values of a field.
func anyHolds(conditions []condition, values []any) bool {
	for _, c := range conditions {
		if c.holds(values) {
			return true
		}
	}
	return false
}

func (c condition) holds(values []any) bool {
	switch {
	case c.absent:
		return len(values) == 0
	case c.exists:
		return len(values) > 0
	}

	for _, v := range values {
		if c.test(v) {
			return true
		}
	}

	return false
}

// appendObjects collects the objects that v is or, as an array, holds.
func appendObjects(dst []map[string]any, v any) []map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return append(dst, v)
	case []any:
		for _, e := range v {
			dst = appendObjects(dst, e)
		}
	}
	return dst
}

// appendValues collects the leaf values that v is or, as an array, holds. An
// object is no leaf (LAM B42: exists is for leaf nodes only).
func appendValues(dst []any, v any) []any {
	switch v := v.(type) {
	case map[string]any:
		return dst
	case []any:
		for _, e := range v {
			dst = appendValues(dst, e)
		}
		return dst
	default:
		return append(dst, v)
	}
}
