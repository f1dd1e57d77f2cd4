// Package runtimeapi serves the Lambda Runtime API to one execution environment: the
// HTTP interface through which a function's process requests invocations and sends
// responses (LAM C53 to C61).
//
// A [Server] listens on a loopback port of its own for as long as the environment
// exists. Each process in the environment has one [Session], which begins when the
// process starts and shares nothing with the next one. The owner of a session receives
// four kinds of events: the runtime is ready for an invocation ([Session.Ready]), it
// has sent a response ([Session.Responses]), it has reported that it could not start
// ([Session.InitErrors]), and it has registered for SIGTERM before it is killed
// ([Session.WantsSIGTERM]).
//
//	starting --next--> idle --Deliver--> busy --response or error--> responded --next--> idle
//
// A request that does not fit the state is refused with 403 InvalidStateTransition, as
// on AWS.
package runtimeapi

import "encoding/json"

// MaxResponse is the maximum size in bytes of a function's response (LAM C38).
const MaxResponse = 6291556

// Invocation is what the runtime gets from /runtime/invocation/next.
type Invocation struct {
	// RequestID is the invocation's id.
	RequestID string
	// DeadlineMS is the time at which the function times out, in epoch
	// milliseconds of machine time.
	DeadlineMS int64
	// FunctionARN is the ARN that was invoked, with the caller's qualifier.
	FunctionARN string
	// Trace is the X-Ray trace header.
	Trace string
	// ClientContext is the caller's client context as JSON, or empty.
	ClientContext string
	// Payload is the event.
	Payload []byte
}

// Response is a function's response to an invocation, or the error that the runtime
// reported.
type Response struct {
	// Payload is the response, or with Failed the error as JSON.
	Payload []byte
	// Failed reports that the runtime reported an error.
	Failed bool
	// ErrorType is the error type from the request's header or trailer, or empty
	// (LAM C56).
	ErrorType string
}

// ErrorBody is an error in the JSON form of the Runtime API and of function errors.
type ErrorBody struct {
	// Message describes the error.
	Message string `json:"errorMessage"`
	// Type is the error's class, such as Runtime.ExitError.
	Type string `json:"errorType"`
}

// JSON encodes the error.
func (p ErrorBody) JSON() []byte {
	b, _ := json.Marshal(p) // cannot fail for two strings
	return b
}

// TooLarge returns the error that replaces a response larger than MaxResponse
// (LAM C39).
func TooLarge() ErrorBody {
	return ErrorBody{
		Message: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
		Type:    "Function.ResponseSizeTooLarge",
	}
}
