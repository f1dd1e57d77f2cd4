// Package control is the control API of the embedded AWS: the paths of the endpoint
// that are not AWS's, as types, a [Handler] for the server and a [Client] for
// programs. It reports health, moves the clock, shows queues without receiving,
// injects faults, and resets services. docs/control-api.md describes the paths and
// bodies:
//
//	GET    /_reliableq/health
//	GET    /_reliableq/clock
//	POST   /_reliableq/clock/advance    {"duration": "90s"}
//	POST   /_reliableq/clock/hold
//	POST   /_reliableq/clock/release
//	POST   /_reliableq/clock/settle     {"timeout": "30s"}
//	GET    /_reliableq/queues?messages=1
//	GET    /_reliableq/faults
//	POST   /_reliableq/faults           {"kind": "throttle"}
//	DELETE /_reliableq/faults/ID
//	POST   /_reliableq/reset?service=sqs
//	GET    /_localstack/health
//	GET    /_aws/sqs/messages?QueueUrl=…
//	GET    /_aws/sqs/messages/REGION/ACCOUNT/NAME
//
// The last three exist for users and tools of LocalStack.
//
// The handler imports no service: it reaches them through the functions of
// [Options]. All paths except the two of health need a token, which only the
// server's operator has: other users of the machine and web pages do not.
package control
