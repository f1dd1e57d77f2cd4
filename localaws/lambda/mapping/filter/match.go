package filter

// object is the conditions on a JSON object: all of fields and one of anyOf.
type object struct {
	fields []field // in order of name
	anyOf  []*object
}

// field is the condition on one member: either sub for an object, or a list of conditions
// for a value.
type field struct {
	name       string
	sub        *object
	conditions []condition
}

// condition is one entry of a list of conditions.
type condition struct {
	absent bool           // holds if the member is absent
	exists bool           // holds if the member is present
	test   func(any) bool // otherwise: holds if it is true for one of the member's values
}

// match reports whether v, or any object in v if it is an array, matches the conditions.
// Other values have no members, so that only absence can hold.
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

// matchMembers reports whether the members of one object match.
func (o *object) matchMembers(m map[string]any) bool {
	for i := range o.fields {
		if !o.fields[i].match(m) {
			return false
		}
	}

	// Fields and alternatives must both match.
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

// match reports whether the member of m with the name of f matches.
func (f *field) match(m map[string]any) bool {
	v, present := m[f.name]

	// An absent object is matched as well: it may have to be absent, by exists: false.
	if f.sub != nil {
		return f.sub.match(v)
	}
	if !present {
		return anyHolds(f.conditions, nil)
	}
	return anyHolds(f.conditions, appendValues(nil, v))
}

// anyHolds reports whether one of the conditions holds for the values of a member.
func anyHolds(conditions []condition, values []any) bool {
	for _, c := range conditions {
		if c.holds(values) {
			return true
		}
	}
	return false
}

// holds reports whether the condition holds for the values of a member.
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

// appendObjects appends v if it is an object, or the objects in v if it is an array.
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

// appendValues appends v, or the values in v if it is an array. An object is not a value
// (LAM B42: exists is for leaf nodes only).
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
