// Package gateway is the HTTP endpoint of the embedded AWS: one endpoint for every
// service, in the protocols of SDKs, the AWS CLI and Terraform.
//
// The gateway reads a request completely, finds its service and operation by target,
// path, version or signature, checks the caller's signature and permissions, decodes
// the operation's input, runs the operation, and writes the response in the protocol
// of the request. A service or an operation that is not embedded is refused with an
// error that names it, in a form that the client understands.
//
// The endpoint is for programs on this machine. Web pages in a browser can reach
// loopback ports too: the gateway refuses requests with a foreign Origin, and requests
// to a host name that does not always mean this machine.
//
// [Transport] calls the same handler without a socket.
package gateway
