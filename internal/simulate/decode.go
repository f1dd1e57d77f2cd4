package simulate

import (
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/aws/aws-lambda-go/events"
)

// decodeEvent decodes an event of an event source mapping. It has a decoder for
// the form that the embedded mappings write, which is several times as fast as
// reflection, and uses encoding/json for everything else.
func decodeEvent(b []byte) (events.SQSEvent, error) {
	r := eventReader{b: b}
	if e, err := r.event(); err == nil && r.i == len(b) {
		return e, nil
	}
	var e events.SQSEvent
	err := json.Unmarshal(b, &e)
	return e, err
}

// errForm reports that an event is not in the form that an eventReader reads. It
// may still be valid JSON.
var errForm = errors.New("another form")

// eventReader reads JSON without white space. It must not be used after an error.
type eventReader struct {
	b []byte
	i int // the next byte to read
}

// event reads a whole event.
func (r *eventReader) event() (e events.SQSEvent, err error) {
	if !r.skip(`{"Records":[`) {
		return e, errForm
	}

	for {
		var m events.SQSMessage
		if err := r.object(func(name string) error { return r.member(&m, name) }); err != nil {
			return e, err
		}
		e.Records = append(e.Records, m)
		if !r.skip(",") {
			break
		}
	}

	if !r.skip("]}") {
		return e, errForm
	}
	return e, nil
}

// member reads one member of a message.
func (r *eventReader) member(m *events.SQSMessage, name string) (err error) {
	switch name {
	case "messageId":
		m.MessageId, err = r.text()
	case "receiptHandle":
		m.ReceiptHandle, err = r.text()
	case "body":
		m.Body, err = r.text()
	case "md5OfBody":
		m.Md5OfBody, err = r.text()
	case "md5OfMessageAttributes":
		m.Md5OfMessageAttributes, err = r.text()
	case "eventSourceARN":
		m.EventSourceARN, err = r.text()
	case "eventSource":
		m.EventSource, err = r.text()
	case "awsRegion":
		m.AWSRegion, err = r.text()
	case "attributes":
		m.Attributes = make(map[string]string, 6)
		err = r.object(func(name string) (err error) {
			m.Attributes[name], err = r.text()
			return err
		})
	case "messageAttributes":
		m.MessageAttributes = make(map[string]events.SQSMessageAttribute, 5)
		err = r.object(func(name string) (err error) {
			m.MessageAttributes[name], err = r.attribute()
			return err
		})
	default:
		return errForm
	}

	return err
}

// attribute reads a message attribute.
func (r *eventReader) attribute() (a events.SQSMessageAttribute, err error) {
	err = r.object(func(name string) (err error) {
		switch name {
		case "stringValue":
			var s string
			s, err = r.text()
			a.StringValue = &s
		case "binaryValue":
			var s string
			if s, err = r.text(); err == nil {
				a.BinaryValue, err = base64.StdEncoding.DecodeString(s)
			}
		case "dataType":
			a.DataType, err = r.text()
		case "stringListValues":
			a.StringListValues = []string{}
			err = r.must("[]")
		case "binaryListValues":
			a.BinaryListValues = [][]byte{}
			err = r.must("[]")
		default:
			err = errForm
		}
		return err
	})
	return a, err
}

// object reads an object. It calls member at the start of each value.
func (r *eventReader) object(member func(name string) error) error {
	if r.skip("{}") {
		return nil
	}
	if !r.skip("{") {
		return errForm
	}

	for {
		name, err := r.text()
		if err != nil || !r.skip(":") {
			return errForm
		}
		if err := member(name); err != nil {
			return err
		}
		if !r.skip(",") {
			return r.must("}")
		}
	}
}

// skip reads s and returns true, or returns false if something else comes next.
func (r *eventReader) skip(s string) bool {
	if len(r.b)-r.i < len(s) || string(r.b[r.i:r.i+len(s)]) != s {
		return false
	}
	r.i += len(s)
	return true
}

// must is skip with an error.
func (r *eventReader) must(s string) error {
	if !r.skip(s) {
		return errForm
	}
	return nil
}

// text reads a string.
func (r *eventReader) text() (string, error) {
	if !r.skip(`"`) {
		return "", errForm
	}

	// Most strings have no escapes: take the bytes as they are.
	for i := r.i; i < len(r.b); i++ {
		switch c := r.b[i]; {
		case c == '"':
			s := string(r.b[r.i:i])
			r.i = i + 1
			return s, nil
		case c == '\\':
			return r.escaped()
		case c < ' ' || c >= 0x80: // encoding/json replaces invalid UTF-8
			return "", errForm
		}
	}
	return "", errForm
}

// escaped reads the rest of a string that has escapes. It starts over at the
// string's first character.
func (r *eventReader) escaped() (string, error) {
	out := make([]byte, 0, 256)
	for i := r.i; i < len(r.b); i++ {
		c := r.b[i]
		switch {
		case c == '"':
			r.i = i + 1
			return string(out), nil
		case c < ' ' || c >= 0x80:
			return "", errForm
		case c == '\\':
			i++
			if i == len(r.b) || r.b[i] != '"' && r.b[i] != '\\' && r.b[i] != '/' {
				return "", errForm
			}
			c = r.b[i]
		}
		out = append(out, c)
	}
	return "", errForm
}
