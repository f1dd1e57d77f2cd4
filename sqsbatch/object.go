package sqsbatch

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

var (
	errMissing = errors.New("it is missing")
	errEmpty   = errors.New("it is empty")
)

// object is a JSON object of which some members are required. Unlike json.Unmarshal, it
// distinguishes upper and lower case, and a missing member from an empty one.
type object struct {
	name    string // in errors; empty for that of the body
	members map[string]json.RawMessage
	failure *error // of the first member that is missing or invalid; shared with objects in it
}

// parseObject parses a JSON object.
func parseObject(text string) (*object, error) {
	o := &object{failure: new(error)}
	if err := json.Unmarshal([]byte(text), &o.members); err != nil {
		return nil, err
	}
	if o.members == nil {
		return nil, errors.New("want a JSON object, got null")
	}
	return o, nil
}

// err returns the error of the first member that is missing or invalid.
func (o *object) err() error { return *o.failure }

// has reports whether there is a member with the name.
func (o *object) has(name string) bool {
	_, ok := o.members[name]
	return ok
}

// optional decodes a member, if it exists and is not null.
func (o *object) optional(name string, into any) {
	if raw, ok := o.members[name]; ok && o.err() == nil {
		if err := json.Unmarshal(raw, into); err != nil {
			o.fail(name, err)
		}
	}
}

// present decodes a member that must exist and not be null. It may be empty.
func (o *object) present(name string, into any) {
	if raw, ok := o.members[name]; !ok || string(raw) == "null" {
		o.fail(name, errMissing)
		return
	}
	o.optional(name, into)
}

// required decodes a member that must exist and not be empty.
func (o *object) required(name string, into any) {
	o.present(name, into)
	v := reflect.ValueOf(into).Elem()
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		o.fail(name, errEmpty)
	}
}

// object returns a member that must be an object. It is empty if there is none, so that
// its members are missing.
func (o *object) object(name string) *object {
	inner := &object{
		name:    o.name + name + ".",
		failure: o.failure,
	}
	o.present(name, &inner.members)
	return inner
}

// fail records that a member is missing or invalid, if none was before.
func (o *object) fail(name string, err error) {
	if o.err() == nil {
		*o.failure = fmt.Errorf("member %s%s: %w", o.name, name, err)
	}
}
