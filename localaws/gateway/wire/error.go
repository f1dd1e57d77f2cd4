package wire

import "fmt"

// Fault is what is wrong with a request's input.
type Fault uint8

const (
	// Malformed marks input that is not of the protocol, or of the wrong type.
	Malformed Fault = iota
	// Unsupported marks a member that the operation's input does not have.
	Unsupported
)

// Error is a fault of a request's input.
type Error struct {
	// Fault is its kind.
	Fault Fault
	// Member is the path to the member, such as MessageAttributes.a.DataType;
	// empty where the whole body is meant.
	Member string
	// Text says what is wrong.
	Text string
}

// Error names the member and says what is wrong with it.
func (e *Error) Error() string {
	if e.Member == "" {
		return e.Text
	}
	return e.Member + ": " + e.Text
}

func malformed(member, format string, args ...any) *Error {
	return &Error{Fault: Malformed, Member: member, Text: fmt.Sprintf(format, args...)}
}

func unsupported(member string) *Error {
	return &Error{Fault: Unsupported, Member: member, Text: "not supported"}
}
