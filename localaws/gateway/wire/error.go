package wire

import "fmt"

// ErrorKind is a kind of error in a request's input.
type ErrorKind uint8

const (
	// Malformed marks input that does not conform to the protocol, or has the wrong
	// type.
	Malformed ErrorKind = iota
	// Unsupported marks a member that the operation's input does not have.
	Unsupported
)

// Error is an error in a request's input.
type Error struct {
	// Kind is the kind of error.
	Kind ErrorKind
	// Member is the path to the member, such as MessageAttributes.a.DataType; empty
	// for the whole body.
	Member string
	// Text describes the error.
	Text string
}

// Error returns the member and the text.
func (e *Error) Error() string {
	if e.Member == "" {
		return e.Text
	}
	return e.Member + ": " + e.Text
}

func malformed(member, format string, args ...any) *Error {
	return &Error{
		Kind:   Malformed,
		Member: member,
		Text:   fmt.Sprintf(format, args...),
	}
}

func unsupported(member string) *Error {
	return &Error{
		Kind:   Unsupported,
		Member: member,
		Text:   "not supported",
	}
}
