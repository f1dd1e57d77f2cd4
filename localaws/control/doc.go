// Package control answers the paths of the endpoint that are not AWS's: health,
// the clock, a look into queues without receiving, and reset. The paths and
// bodies are described in docs/control-api.md:
//
//	GET  /_reliableq/health
//	GET  /_reliableq/clock
//	POST /_reliableq/clock/advance    {"duration": "90s"}
//	POST /_reliableq/clock/hold
//	POST /_reliableq/clock/release
//	POST /_reliableq/clock/settle     {"timeout": "30s"}
//	GET  /_reliableq/queues?messages=1
//	POST /_reliableq/reset?service=sqs
//	GET  /_localstack/health
//	GET  /_aws/sqs/messages?QueueUrl=…
//	GET  /_aws/sqs/messages/REGION/ACCOUNT/NAME
//
// The last three are those that users and tools of LocalStack know.
//
// The package knows no service: what it shows comes through the functions of
// [Options]. All paths but the two of health need a token, which the server hands
// to its operator; other users of the machine and web pages do not have it.
package control
