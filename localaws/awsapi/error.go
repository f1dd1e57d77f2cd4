package awsapi

import (
	"errors"
	"fmt"
)

// Error is an error as an AWS service answers it. Each service keeps one table
// of the errors it knows; a value is made from a row with [Error.With].
type Error struct {
	// Code is the error's shape in the service's model, such as
	// QueueDoesNotExist: the part of __type after '#', and x-amzn-ErrorType.
	Code string
	// QueryCode is the code in the Query protocol and in the header
	// x-amzn-query-error, such as AWS.SimpleQueueService.NonExistentQueue
	// (SQS A5). Empty means Code.
	QueryCode string
	// Namespace stands before '#' in __type, such as com.amazonaws.sqs (SQS
	// A6). Empty means that __type is the bare code.
	Namespace string
	// Status is the HTTP status, 400 to 599.
	Status int
	// Message says what is wrong, in AWS's words where they are known.
	Message string
	// CapitalMessage writes the body's key as "Message" in place of "message"
	// (LAM A2).
	CapitalMessage bool
	// Members are further members of the body, such as "Type":"User" or
	// "Reason" (LAM A2, C44).
	Members map[string]string
	// Headers are further headers of the answer, such as Retry-After.
	Headers map[string]string
}

// ErrReplyLost stands for an answer that is not to arrive: the operation took
// effect, and the edge cuts the connection.
var ErrReplyLost = errors.New("the reply was lost")

// ErrExpiredCredential refuses a call whose credential has ended. The edge gives
// it the form of the service.
var ErrExpiredCredential = &Error{
	Code: "ExpiredTokenException", QueryCode: "ExpiredToken", Status: 403,
	Message: "The security token included in the request is expired",
}

// Error gives code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// With copies a table's row and gives it a message, formatted as by fmt.Sprintf
// when there are args and taken as it is when there are none.
func (e Error) With(format string, args ...any) *Error {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	e.Message = format
	return &e
}

// Receiver reports whether the fault is the service's (5xx) and not the
// caller's.
func (e *Error) Receiver() bool { return e.Status >= 500 }

// LegacyCode is QueryCode, or Code where there is none.
func (e *Error) LegacyCode() string {
	if e.QueryCode != "" {
		return e.QueryCode
	}
	return e.Code
}

// AsError finds the AWS error in err's chain. Any other error becomes a 500
// InternalFailure that carries its text, so that nothing fails unseen.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: "InternalFailure", Status: 500, Message: err.Error()}
}
