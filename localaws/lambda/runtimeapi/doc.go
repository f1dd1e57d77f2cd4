// Package runtimeapi serves the Lambda Runtime API to one execution environment:
// the HTTP interface through which a function's process asks for invocations and
// answers them (LAM C53 to C61).
//
// A [Server] listens on a loopback port of its own for as long as the environment
// lives. Each process in the environment is one [Session]: it begins when the
// process starts, and nothing of it carries over to the next. The session's owner
// sees four things happen: the runtime asks for work ([Session.Asked]), it answers
// ([Session.Answered]), it reports that it could not start ([Session.InitFailed]),
// and it registers for a warning before it is killed ([Session.WantsSIGTERM]).
//
//	starting --next--> idle --Deliver--> busy --response or error--> answered --next--> idle
//
// What does not fit the state is refused as AWS does, with 403
// InvalidStateTransition.
package runtimeapi

import "encoding/json"

// MaxResponse is the size in bytes that a function's answer may have (LAM C38).
const MaxResponse = 6291556

// Invocation is what the runtime gets from /runtime/invocation/next.
type Invocation struct {
	// RequestID is the invocation's id.
	RequestID string
	// DeadlineMS is when the function times out, in epoch milliseconds of
	// machine time.
	DeadlineMS int64
	// FunctionARN is the ARN that was invoked, qualified as the caller had it.
	FunctionARN string
	// Trace is the X-Ray trace header.
	Trace string
	// ClientContext is the caller's client context as JSON, or empty.
	ClientContext string
	// Payload is the event.
	Payload []byte
}

// Answer is what the runtime made of an invocation.
type Answer struct {
	// Payload is the answer, or the error's JSON when Failed.
	Payload []byte
	// Failed says that the runtime reported an error.
	Failed bool
	// ErrorType is the error type from the request's header or trailer, empty
	// without one (LAM C56).
	ErrorType string
}

// Problem is an error as the Runtime API and function errors write it.
type Problem struct {
	// Message says what went wrong.
	Message string `json:"errorMessage"`
	// Type is the error's class, such as Runtime.ExitError.
	Type string `json:"errorType"`
}

// JSON writes the problem as a body.
func (p Problem) JSON() []byte {
	b, _ := json.Marshal(p) // two strings always encode
	return b
}

// TooLarge is the answer in place of one that is larger than MaxResponse
// (LAM C39).
func TooLarge() Problem {
	return Problem{
		Message: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
		Type:    "Function.ResponseSizeTooLarge",
	}
}
