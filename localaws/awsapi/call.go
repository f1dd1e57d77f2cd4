package awsapi

import "net/http"

// Caller is the identity that makes a call: the operator, a user, a role's session
// or an AWS service.
type Caller struct {
	// Account is the 12-digit account id of the caller.
	Account string
	// ARN is the caller's ARN in error messages: a user's, or an assumed-role
	// session's (LAM D24).
	ARN string
	// UserID is the unique id: AIDA… of a user, AROA…:SESSION of a role's
	// session, the account id of root. SQS calls it SenderId (SQS I9).
	UserID string
	// PrincipalARN is aws:PrincipalArn: the role's ARN for a session, else ARN
	// (LAM D21).
	PrincipalARN string
	// AccessKey is the access key id of the request's signature.
	AccessKey string
	// Administrator marks the operator's own credentials. They may do everything
	// that no resource policy denies.
	Administrator bool
	// Anonymous marks an unsigned call, which is accepted only where
	// authentication is off.
	Anonymous bool
	// ServicePrincipal is set when an AWS service calls in its own name, such as
	// lambda.amazonaws.com. SourceARN and SourceAccount then name the resource on
	// whose behalf it calls.
	ServicePrincipal string
	// SourceARN is aws:SourceArn of a service's call.
	SourceARN string
	// SourceAccount is aws:SourceAccount of a service's call.
	SourceAccount string
}

// Call is one request to one operation: everything about it but the input.
type Call struct {
	// Caller is the identity that makes the call.
	Caller Caller
	// Account is the account whose resources the call is about: the caller's,
	// unless the input names another.
	Account string
	// Region is the region whose resources the call is about, from the
	// signature's scope or the server's default.
	Region string
	// RequestID is the request id in the response and in logs, a UUID.
	RequestID string
	// Endpoint is the base of URLs in responses, such as http://127.0.0.1:4566.
	Endpoint string
	// Protocol is the wire protocol of the request.
	Protocol Protocol
	// Trace is the header X-Amzn-Trace-Id, or empty (SQS F12).
	Trace string
	// SourceIP is the client's address without port, or empty.
	SourceIP string
	// UserAgent is the client's User-Agent.
	UserAgent string
	// Secure is aws:SecureTransport. The embedded endpoint is plain HTTP on
	// loopback and counts as secure, so that policies that require TLS allow it.
	Secure bool
	// Path is the request's path, for operations that read it (SQS B1).
	Path string
	// Header holds the request's headers; nil in direct calls.
	Header http.Header
}

// Protocol is the wire protocol of a call.
type Protocol uint8

const (
	// Direct is a call from Go, without a wire.
	Direct Protocol = iota
	// JSON is AWS JSON 1.0 or 1.1: X-Amz-Target names the operation.
	JSON
	// Query has form-encoded requests and XML responses.
	Query
	// REST is REST-JSON.
	REST
	// CBOR is Smithy RPC v2 CBOR.
	CBOR
)
