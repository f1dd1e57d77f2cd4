package wire

import (
	"fmt"
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// CBOR is the codec of Smithy RPC v2. Make one with [NewCBOR].
type CBOR struct {
	dec cbor.DecMode
	enc cbor.EncMode
}

// NewCBOR returns a codec for maps with text keys and times as tag 1 (LAM E15).
func NewCBOR() (*CBOR, error) {
	// Duplicate keys are an error: which of the values counts would depend on the
	// decoder. Integers stay int64 and uint64, and bind checks their range.
	dec, err := cbor.DecOptions{
		DefaultMapType: reflect.TypeFor[map[string]any](),
		TimeTag:        cbor.DecTagOptional,
		DupMapKey:      cbor.DupMapKeyEnforcedAPF,
		IntDec:         cbor.IntDecConvertNone,
	}.DecMode()
	if err != nil {
		return nil, fmt.Errorf("configure CBOR decoding: %w", err)
	}

	enc, err := cbor.EncOptions{}.EncMode()
	if err != nil {
		return nil, fmt.Errorf("configure CBOR encoding: %w", err)
	}
	return &CBOR{dec: dec, enc: enc}, nil
}

// Decode reads a CBOR map into in, a pointer to an operation's input. An empty
// body counts as an empty map.
func (c *CBOR) Decode(body []byte, in any) error {
	node := any(map[string]any{})
	if len(body) > 0 {
		if err := c.dec.Unmarshal(body, &node); err != nil {
			return malformed("", "not valid CBOR: %v", err)
		}
	}
	return bindStruct(node, reflect.ValueOf(in).Elem(), "")
}

// Encode returns an operation's output as a CBOR map.
func (c *CBOR) Encode(out any) ([]byte, error) {
	return c.enc.Marshal(tree(indirect(reflect.ValueOf(out))))
}

// tree returns a value in the types of the CBOR library, with AWS's names.
func tree(v reflect.Value) any {
	v = indirect(v)
	// Before the kinds below: to reflect, a Timestamp is a struct, and bytes are a
	// slice.
	if at, ok := v.Interface().(awsapi.Timestamp); ok {
		return timeTag(time.Time(at).UnixMilli())
	}

	switch {
	case v.Type() == bytesType:
		return v.Bytes()
	case v.Kind() == reflect.Struct:
		return structTree(v)
	case v.Kind() == reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = tree(v.Index(i))
		}
		return list
	case v.Kind() == reflect.Map:
		m := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()] = tree(it.Value())
		}
		return m
	}

	return v.Interface()
}

// timeTag returns a time as tag 1: in whole seconds, or as a float with a fraction.
func timeTag(ms int64) cbor.Tag {
	if ms%1000 == 0 {
		return cbor.Tag{Number: 1, Content: ms / 1000}
	}
	return cbor.Tag{Number: 1, Content: float64(ms) / 1000}
}

func structTree(v reflect.Value) map[string]any {
	s := shapeOf(v.Type())
	m := make(map[string]any, len(s.members))
	for i := range s.members {
		f := v.FieldByIndex(s.members[i].field)
		if s.members[i].location == inBody && !absent(f, &s.members[i]) {
			m[s.members[i].name] = tree(f)
		}
	}
	return m
}
