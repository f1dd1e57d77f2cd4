package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/gateway/wire"
)

// fault is an error that the edge itself finds.
type fault uint8

const (
	accessDenied fault = iota
	noSignature
	unknownKey
	badSignature
	expiredToken
	incompleteSignature
	unknownOperation
	malformedInput
	unsupportedParameter
	requestTooLarge
	requestTimeout
	serviceNotEmbedded
)

// faults names them in the JSON protocols and in Query (SQS A7, A18; LAM D27).
// Those of identity answer 400 where a service speaks JSON alone.
var faults = [...]struct {
	shape, query string
	status       int
	identity     bool
}{
	accessDenied:         {"AccessDeniedException", "AccessDenied", 403, true},
	noSignature:          {"MissingAuthenticationTokenException", "MissingAuthenticationToken", 403, true},
	unknownKey:           {"UnrecognizedClientException", "InvalidClientTokenId", 403, true},
	badSignature:         {"InvalidSignatureException", "SignatureDoesNotMatch", 403, true},
	expiredToken:         {"ExpiredTokenException", "ExpiredToken", 403, true},
	incompleteSignature:  {"IncompleteSignatureException", "IncompleteSignature", 400, true},
	unknownOperation:     {"UnknownOperationException", "InvalidAction", 400, false},
	malformedInput:       {"SerializationException", "MalformedInput", 400, false},
	unsupportedParameter: {"ValidationException", "ValidationError", 400, false},
	requestTooLarge:      {"RequestEntityTooLargeException", "RequestEntityTooLarge", 413, false},
	requestTimeout:       {"RequestTimeoutException", "RequestTimeout", 408, false},
	serviceNotEmbedded:   {"NotImplementedException", "NotImplemented", 501, false},
}

// generic is the namespace of errors that are not in a service's model (SQS A6).
const generic = "com.amazon.coral.service"

// fault makes an error in the form that the service gives it.
func (x *exchange) fault(f fault, format string, args ...any) *awsapi.Error {
	if f == noSignature && x.service != nil && x.service.Name == "sqs" {
		// SQS A18: it says AccessDenied to those who do not say who they are.
		f, format, args = accessDenied, "Access to the resource %s is denied.", []any{"http://" + x.r.Host + x.r.URL.Path}
	}
	row := faults[f]
	e := awsapi.Error{Code: row.shape, QueryCode: row.query, Status: row.status}
	switch {
	case x.protocol == awsapi.JSON && x.queryCompatible(), x.protocol == awsapi.CBOR:
		e.Namespace = generic
	case x.protocol == awsapi.JSON && row.identity:
		e.Status = http.StatusBadRequest
	case x.protocol == awsapi.REST && f == unknownOperation:
		e.Status = http.StatusNotFound
	case x.protocol == awsapi.REST && f == accessDenied:
		e.CapitalMessage = true // LAM D27a
	}
	return e.With(format, args...)
}

// queryCompatible reports whether the service also speaks Query: its errors then
// carry their Query code in a header (SQS A4, LAM E15).
func (x *exchange) queryCompatible() bool { return x.service != nil && x.service.QueryVersion != "" }

// denied gives a refused permission the service's form.
func (x *exchange) denied(err error) error {
	e := awsapi.AsError(err)
	if e.Code != "AccessDenied" && e.Code != "AccessDeniedException" {
		return err
	}
	return x.fault(accessDenied, "%s", e.Message)
}

// unknown refuses an operation by its name (SQS B8).
func (x *exchange) unknown() error {
	switch {
	case x.protocol == awsapi.Query && x.service.Flattened:
		return x.fault(unknownOperation, "The action %s is not valid for this endpoint.", x.asked)
	case x.asked == "":
		return x.fault(unknownOperation, "The request names no operation of %s.", x.service.Name)
	}
	return x.fault(unknownOperation, "The embedded AWS does not have the operation %s of %s.", x.asked, x.service.Name)
}

// notEmbedded refuses a service by its name.
func (x *exchange) notEmbedded(name string) error {
	if x.sig != nil {
		name = x.sig.Service
	}
	if name == "" {
		return x.fault(unknownOperation, "The request names no AWS service and no operation.")
	}
	return x.fault(serviceNotEmbedded, "The embedded AWS does not have the service %s.", name)
}

// asAnswer turns any error into what the client is told.
func (x *exchange) asAnswer(err error) *awsapi.Error {
	var in *wire.Error
	if errors.As(err, &in) {
		if in.Fault == wire.Unsupported {
			return x.fault(unsupportedParameter, "The embedded AWS does not support the parameter %s of %s.", in.Member, x.asked)
		}
		return x.fault(malformedInput, "%s", in.Error())
	}
	e := awsapi.AsError(err)
	if e.Receiver() && e.Code == "InternalFailure" {
		// A caller that has gone is no failure of the server.
		level := slog.LevelError
		if errors.Is(err, context.Canceled) && x.r.Context().Err() != nil {
			level = slog.LevelDebug
		}
		x.g.opts.Logger.Log(x.r.Context(), level, "operation failed", "operation", x.asked, "request", x.id, "error", fmt.Sprint(err))
	}
	return e
}
