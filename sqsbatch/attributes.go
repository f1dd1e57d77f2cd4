package sqsbatch

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Data types of message attributes. A type may have a custom label, such as
// Number.int (SQS G3).
const (
	typeString = "String"
	typeNumber = "Number"
	typeBinary = "Binary"
)

const (
	// maxNumberText is the largest length of a number's text. SQS allows up to 38 digits
	// and exponents up to 128 (SQS G7); the rest allows for zeros.
	maxNumberText = 256
	// maxQuoted is the largest number of bytes of a value in an error.
	maxQuoted = 64
)

var (
	errNoValue   = errors.New("it has no value")
	errNotNumber = errors.New("it is not a decimal number")
	errTooLong   = fmt.Errorf("it has more than %d characters", maxNumberText)
	errNotWhole  = errors.New("it is not an integer")
	errRange     = errors.New("it is out of range")
	errPrecision = errors.New("it has more digits than a float64")
)

// AttributeError is the error of a message attribute that exists and does not have the
// wanted type or value.
type AttributeError struct {
	// Name is the name of the attribute.
	Name string
	// DataType is its data type, with its custom label, such as Number.int.
	DataType string
	// Want is what was wanted: String, Number, Binary, int, int64 or float64.
	Want string
	// Err is what is wrong with the value; nil if it is the data type.
	Err error
}

// Error returns the name, the data type and what was wanted.
func (e *AttributeError) Error() string {
	s := fmt.Sprintf("message attribute %q of type %q: want %s", e.Name, e.DataType, e.Want)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns Err.
func (e *AttributeError) Unwrap() error { return e.Err }

// HasAttribute reports whether there is a message attribute with the name, of any type.
func (m Message[T]) HasAttribute(name string) bool {
	_, ok := m.raw().MessageAttributes[name]
	return ok
}

// Text returns the value of a message attribute of type String, and whether there is an
// attribute with the name. It returns an [AttributeError] if that has another type.
func (m Message[T]) Text(name string) (s string, ok bool, err error) {
	return typedText(m.raw(), name, typeString, typeString)
}

// Int64 returns the value of a message attribute of type Number, and whether there is an
// attribute with the name. It returns an [AttributeError] if that has another type or
// its value is not an integer of 64 bits. 12.0 and 1.2e1 are the integer 12.
func (m Message[T]) Int64(name string) (n int64, ok bool, err error) {
	return number(m.raw(), name, "int64", parseInt64)
}

// Float64 returns the value of a message attribute of type Number, and whether there is
// an attribute with the name. It returns an [AttributeError] if that has another type,
// or its value is out of range or has more significant digits than a float64 holds: the
// result, formatted with as few digits as identify it, is the value.
func (m Message[T]) Float64(name string) (f float64, ok bool, err error) {
	return number(m.raw(), name, "float64", parseFloat64)
}

// Bytes returns the value of a message attribute of type Binary, and whether there is an
// attribute with the name. It returns an [AttributeError] if that has another type. The
// bytes are shared: do not modify them.
func (m Message[T]) Bytes(name string) (b []byte, ok bool, err error) {
	a, ok := m.raw().MessageAttributes[name]
	switch {
	case !ok:
		return nil, false, nil
	case kindOf(a) != typeBinary:
		err = &AttributeError{Name: name, DataType: a.DataType, Want: typeBinary}
	case a.BinaryValue == nil:
		err = &AttributeError{Name: name, DataType: a.DataType, Want: typeBinary, Err: errNoValue}
	}
	return a.BinaryValue, true, err
}

// SystemAttribute returns a system attribute of the record, such as SenderId, and
// whether there is one.
func (m Message[T]) SystemAttribute(name string) (value string, ok bool) {
	value, ok = m.raw().Attributes[name]
	return value, ok
}

// FirstReceivedAt returns when the message was first received, to the millisecond, or
// the zero time if the record has no valid time stamp.
func (m Message[T]) FirstReceivedAt() time.Time { return timeOf(m.raw(), firstReceivedAttribute) }

// SenderID returns the id of the user or role that sent the message; empty if there is
// none.
func (m Message[T]) SenderID() string { return m.raw().Attributes[senderAttribute] }

// DeduplicationID returns the message deduplication id of a FIFO queue; empty if there is
// none.
func (m Message[T]) DeduplicationID() string { return m.raw().Attributes[deduplicationAttribute] }

// SequenceNumber returns the sequence number of a FIFO queue, an integer of up to 128
// bits; empty if there is none.
func (m Message[T]) SequenceNumber() string { return m.raw().Attributes[sequenceAttribute] }

// DeadLetterSource returns the ARN of the queue from which SQS moved the message to this
// dead-letter queue; empty if it did not. Copies of [WithDeadLetter] do not have it.
func (m Message[T]) DeadLetterSource() string { return m.raw().Attributes[sourceAttribute] }

// Trace returns the content of AWSTraceHeader. The zero value means that there is none.
func (m Message[T]) Trace() Trace { return traceOf(m.raw()) }

// kindOf returns the data type without a custom label.
func kindOf(a events.SQSMessageAttribute) string {
	kind, _, _ := strings.Cut(a.DataType, ".")
	return kind
}

// typedText returns the text of an attribute with the data type kind.
func typedText(m *events.SQSMessage, name, kind, want string) (s string, ok bool, err error) {
	a, ok := m.MessageAttributes[name]
	switch {
	case !ok:
		return "", false, nil
	case kindOf(a) != kind:
		return "", true, &AttributeError{Name: name, DataType: a.DataType, Want: want}
	case a.StringValue == nil:
		return "", true, &AttributeError{Name: name, DataType: a.DataType, Want: want, Err: errNoValue}
	}
	return *a.StringValue, true, nil
}

// number returns the value of an attribute of type Number.
func number[N int64 | float64](m *events.SQSMessage, name, want string, parse func(string) (N, error)) (n N, ok bool, err error) {
	s, ok, err := typedText(m, name, typeNumber, want)
	if !ok || err != nil {
		return 0, ok, err
	}
	n, err = parse(s)
	if err != nil {
		return 0, true, &AttributeError{
			Name:     name,
			DataType: m.MessageAttributes[name].DataType,
			Want:     want,
			Err:      fmt.Errorf("%s: %w", quoted(s), err),
		}
	}
	return n, true, nil
}

// parseInt64 returns the integer that s is, also with a fraction of zero or an exponent.
func parseInt64(s string) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	exact, f, err := parseDecimal(s)
	switch {
	case err != nil:
		return 0, err
	case math.Abs(f) > math.MaxInt64: // rounded, so that the next check decides near the limit
		return 0, errRange
	case !exact.IsInt():
		return 0, errNotWhole
	case !exact.Num().IsInt64():
		return 0, errRange
	}
	return exact.Num().Int64(), nil
}

// parseFloat64 returns the float64 whose shortest text is the number s.
func parseFloat64(s string) (float64, error) {
	exact, f, err := parseDecimal(s)
	if err != nil {
		return 0, err
	}
	shortest, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if shortest.Cmp(exact) != 0 {
		return 0, errPrecision
	}
	return f, nil
}

// parseDecimal returns the exact value of a decimal number and the nearest float64.
func parseDecimal(s string) (*big.Rat, float64, error) {
	// ParseFloat also accepts hexadecimal numbers, infinities and underscores.
	if len(s) > maxNumberText {
		return nil, 0, errTooLong
	}
	if strings.Trim(s, "0123456789+-.eE") != "" {
		return nil, 0, errNotNumber
	}
	f, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrRange) {
		return nil, 0, errRange
	}
	if err != nil {
		return nil, 0, errNotNumber
	}

	// A number that is too small becomes zero. It must not get as far as Rat, which
	// computes every digit of it.
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	if f == 0 {
		if strings.Trim(mantissa, "+-.0") != "" {
			return nil, 0, errRange
		}
		return new(big.Rat), f, nil
	}
	exact, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, 0, errNotNumber
	}
	return exact, f, nil
}

// quoted returns a value for an error.
func quoted(s string) string {
	if len(s) > maxQuoted {
		return strconv.Quote(s[:maxQuoted]) + "..."
	}
	return strconv.Quote(s)
}
