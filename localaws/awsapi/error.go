package awsapi

import (
	"errors"
	"fmt"
)

// Error is an error of an AWS service. Each service has one table of its errors; an
// error is made from a row of the table with [Error.With].
type Error struct {
	// Code is the error's shape in the service's model, such as
	// QueueDoesNotExist: the part of __type after '#', and x-amzn-ErrorType.
	Code string
	// QueryCode is the code in the Query protocol and in the header
	// x-amzn-query-error, such as AWS.SimpleQueueService.NonExistentQueue
	// (SQS A5). Empty means Code.
	QueryCode string
	// Namespace precedes '#' in __type, such as com.amazonaws.sqs (SQS A6). Empty
	// means that __type is the bare code.
	Namespace string
	// Status is the HTTP status, 400 to 599.
	Status int
	// Message describes the problem, in AWS's words where they are known.
	Message string
	// CapitalMessage writes the body's key as "Message" instead of "message"
	// (LAM A2).
	CapitalMessage bool
	// Members are further members of the body, such as "Type":"User" or
	// "Reason" (LAM A2, C44).
	Members map[string]string
	// Headers are further headers of the response, such as Retry-After.
	Headers map[string]string
}

// ErrResponseLost is returned instead of a response that must not arrive: the
// operation took effect, and the gateway closes the connection.
var ErrResponseLost = errors.New("the response was lost")

// ErrExpiredCredential refuses a call whose credential has expired. The gateway
// gives it the service's form.
var ErrExpiredCredential = &Error{
	Code:      "ExpiredTokenException",
	QueryCode: "ExpiredToken",
	Status:    403,
	Message:   "The security token included in the request is expired",
}

// Error returns code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// With returns a copy of a row with a message. The message is formatted as by
// fmt.Sprintf if there are args, else taken as it is.
func (e Error) With(format string, args ...any) *Error {
	// A text without args may contain % from the request.
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	e.Message = format
	return &e
}

// Receiver reports whether it is a server error (5xx), which SQS and the Query
// protocol mark as Receiver; a client error is marked as Sender.
func (e *Error) Receiver() bool { return e.Status >= 500 }

// LegacyCode returns the code in the Query protocol: QueryCode, or Code if that is
// empty.
func (e *Error) LegacyCode() string {
	if e.QueryCode != "" {
		return e.QueryCode
	}
	return e.Code
}

// AsError returns the AWS error in err's chain. Any other error becomes a 500
// InternalFailure with its text.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}

	return &Error{
		Code:    "InternalFailure",
		Status:  500,
		Message: err.Error(),
	}
}
