package wire

import (
	"reflect"
	"strings"
	"sync"
)

// location is the part of a request or response that has a member.
type location uint8

const (
	inBody location = iota
	inPath
	inQuery
	inHeader
	inPayload
	inStatus
)

// member is one field of a shape.
type member struct {
	name         string // in AWS's model: JSON, CBOR
	location     location
	locationName string // the name in path, query string or header
	query        string // the name in Query and XML
	key          string // the name of a map's key in Query and XML
	val          string // the name of a map's value in Query and XML
	omitEmpty    bool
	field        []int // the index for reflect
}

// shape describes a struct type. It is made once for each type.
type shape struct {
	members []member
	byName  map[string]*member // body members
	byQuery map[string]*member
	params  map[string]*member // query string members
	payload *member            // nil if the body has no member that is its payload
}

// shapes caches the *shape of each reflect.Type.
var shapes sync.Map

func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s, _ := shapes.LoadOrStore(t, newShape(t))
	return s.(*shape)
}

func newShape(t reflect.Type) *shape {
	s := &shape{
		byName:  map[string]*member{},
		byQuery: map[string]*member{},
		params:  map[string]*member{},
	}

	for _, f := range reflect.VisibleFields(t) {
		if m, ok := newMember(f); ok {
			s.members = append(s.members, m)
		}
	}

	// Pointers into members are taken only now: append may have moved them.
	for i := range s.members {
		m := &s.members[i]
		switch m.location {
		case inBody:
			s.byName[m.name] = m
			s.byQuery[m.query] = m
		case inQuery:
			s.params[m.locationName] = m
		case inPayload:
			s.payload = m
		}
	}

	return s
}

// newMember returns the member of a field; ok is false for a field that is not one.
func newMember(f reflect.StructField) (m member, ok bool) {
	m.field = f.Index
	for tag, l := range map[string]location{
		"path":        inPath,
		"querystring": inQuery,
		"header":      inHeader,
		"payload":     inPayload,
		"status":      inStatus,
	} {
		if v, has := f.Tag.Lookup(tag); has {
			m.name = f.Name
			m.location = l
			m.locationName = v
			return m, f.IsExported()
		}
	}

	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	// VisibleFields lists the fields of an embedded struct themselves, too.
	if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
		return m, false
	}
	if name == "" {
		name = f.Name
	}

	m.name = name
	m.query = name
	m.omitEmpty = strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
	m.key = "key"
	m.val = "value"
	if q := strings.Split(f.Tag.Get("query"), ","); q[0] != "" {
		m.query = q[0]
		if len(q) == 3 {
			m.key = q[1]
			m.val = q[2]
		}
	}
	return m, true
}
