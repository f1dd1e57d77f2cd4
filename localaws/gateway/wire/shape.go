package wire

import (
	"reflect"
	"strings"
	"sync"
)

// place is where in a request or answer a member stands.
type place uint8

const (
	inBody place = iota
	inPath
	inQuery
	inHeader
	inPayload
	inStatus
)

// member is one field of a shape.
type member struct {
	name      string // in AWS's model: JSON, CBOR
	place     place
	at        string // the name in its place, outside the body
	query     string // the name in Query and XML
	key, val  string // names of a map's key and value in Query and XML
	omitEmpty bool
	field     []int
}

// shape is a struct type as the wire sees it. It is made once per type.
type shape struct {
	members []member
	byName  map[string]*member // body members
	byQuery map[string]*member
	params  map[string]*member // query string members
	payload *member
	outside bool // some member stands outside the body
}

var shapes sync.Map // reflect.Type to *shape: a cache of what follows from the type alone

func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s, _ := shapes.LoadOrStore(t, newShape(t))
	return s.(*shape)
}

func newShape(t reflect.Type) *shape {
	s := &shape{byName: map[string]*member{}, byQuery: map[string]*member{}, params: map[string]*member{}}
	for _, f := range reflect.VisibleFields(t) {
		if m, ok := newMember(f); ok {
			s.members = append(s.members, m)
		}
	}
	for i := range s.members {
		m := &s.members[i]
		s.outside = s.outside || m.place != inBody
		switch m.place {
		case inBody:
			s.byName[m.name], s.byQuery[m.query] = m, m
		case inQuery:
			s.params[m.at] = m
		case inPayload:
			s.payload = m
		}
	}
	return s
}

// newMember reads a field's tags; ok is false where the wire does not see it.
func newMember(f reflect.StructField) (m member, ok bool) {
	m.field = f.Index
	for tag, p := range map[string]place{
		"path": inPath, "querystring": inQuery, "header": inHeader, "payload": inPayload, "status": inStatus,
	} {
		if v, has := f.Tag.Lookup(tag); has {
			m.place, m.at, m.name = p, v, f.Name
			return m, f.IsExported()
		}
	}
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
		return m, false
	}
	if name == "" {
		name = f.Name
	}
	m.name, m.query = name, name
	m.omitEmpty = strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
	m.key, m.val = "key", "value"
	if q := strings.Split(f.Tag.Get("query"), ","); q[0] != "" {
		m.query = q[0]
		if len(q) == 3 {
			m.key, m.val = q[1], q[2]
		}
	}
	return m, true
}
