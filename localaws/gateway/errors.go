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

// errorKind is a kind of error that the gateway itself finds.
type errorKind uint8

const (
	accessDenied errorKind = iota
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

// errorKinds has the codes of errors in the JSON protocols and in Query (SQS A7, A18;
// LAM D27), and their status. The status of errors of authentication is 400 for
// services that have only JSON.
var errorKinds = [...]struct {
	code           string
	queryCode      string
	status         int
	authentication bool
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

// genericNamespace is the namespace of errors that are not in a service's model
// (SQS A6).
const genericNamespace = "com.amazon.coral.service"

// newError returns an error in the form of the service and the protocol.
func (x *exchange) newError(kind errorKind, format string, args ...any) *awsapi.Error {
	// SQS A18: AccessDenied for unsigned requests.
	if kind == noSignature && x.service != nil && x.service.Name == "sqs" {
		kind = accessDenied
		format = "Access to the resource %s is denied."
		args = []any{"http://" + x.r.Host + x.r.URL.Path}
	}

	row := errorKinds[kind]
	e := awsapi.Error{
		Code:      row.code,
		QueryCode: row.queryCode,
		Status:    row.status,
	}

	switch {
	case x.protocol == awsapi.JSON && x.queryCompatible(), x.protocol == awsapi.CBOR:
		e.Namespace = genericNamespace
	case x.protocol == awsapi.JSON && row.authentication:
		e.Status = http.StatusBadRequest
	case x.protocol == awsapi.REST && kind == unknownOperation:
		e.Status = http.StatusNotFound
	case x.protocol == awsapi.REST && kind == accessDenied:
		e.CapitalMessage = true // LAM D27a
	}

	return e.With(format, args...)
}

// queryCompatible reports whether the service also has Query: its errors in other
// protocols then have their Query code in a header (SQS A4, LAM E15).
func (x *exchange) queryCompatible() bool { return x.service != nil && x.service.QueryVersion != "" }

// denied returns the error of a missing permission in the form of the service.
func (x *exchange) denied(err error) error {
	e := awsapi.AsError(err)
	if e.Code != "AccessDenied" && e.Code != "AccessDeniedException" {
		return err
	}
	return x.newError(accessDenied, "%s", e.Message)
}

// unknownOperationError returns an error that names the operation (SQS B8).
func (x *exchange) unknownOperationError() error {
	switch {
	case x.protocol == awsapi.Query && x.service.Flattened:
		return x.newError(unknownOperation, "The action %s is not valid for this endpoint.", x.operationName)
	case x.operationName == "":
		return x.newError(unknownOperation, "The request names no operation of %s.", x.service.Name)
	}
	return x.newError(unknownOperation, "The embedded AWS does not have the operation %s of %s.", x.operationName, x.service.Name)
}

// notEmbedded returns an error that names the service.
func (x *exchange) notEmbedded(name string) error {
	if x.sig != nil {
		name = x.sig.Service
	}
	if name == "" {
		return x.newError(unknownOperation, "The request names no AWS service and no operation.")
	}
	return x.newError(serviceNotEmbedded, "The embedded AWS does not have the service %s.", name)
}

// asError returns the error to write for any error. It logs internal ones.
func (x *exchange) asError(err error) *awsapi.Error {
	var in *wire.Error
	if errors.As(err, &in) {
		if in.Kind == wire.Unsupported {
			return x.newError(unsupportedParameter, "The embedded AWS does not support the parameter %s of %s.", in.Member, x.operationName)
		}
		return x.newError(malformedInput, "%s", in.Error())
	}

	e := awsapi.AsError(err)
	if e.Receiver() && e.Code == "InternalFailure" {
		// A request that its client cancelled is not a failure of the server.
		level := slog.LevelError
		if errors.Is(err, context.Canceled) && x.r.Context().Err() != nil {
			level = slog.LevelDebug
		}
		x.g.opts.Logger.Log(x.r.Context(), level, "operation failed", "operation", x.operationName, "request_id", x.id, "error", fmt.Sprint(err))
	}
	return e
}
