// Package gateway is the edge of the embedded AWS: one HTTP endpoint for every
// service, in the protocols that SDKs, the AWS CLI and Terraform speak.
//
// A request is read whole, given to the service and operation that its target,
// path, version or signature names, checked against the caller's secret and
// permissions, decoded into the operation's input, run, and answered in the
// protocol it came in. What is not embedded is refused by name, in a form that
// the client understands.
//
// The endpoint is meant for programs on this machine. Web pages that a browser
// shows can reach loopback ports too: the gateway refuses what bears a foreign
// Origin, and what was sent to a host name that does not always mean this
// machine.
//
// [Transport] leads to the same handler without a socket.
package gateway
