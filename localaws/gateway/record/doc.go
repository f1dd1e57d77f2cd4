// Package record writes the requests to an endpoint and its responses, one JSON object
// on a line for each exchange, for bug reports.
//
// Secrets are omitted: signatures, session tokens, cookies and the like in headers and
// URLs; secret access keys and session tokens in bodies; the values of functions'
// environment variables, and their code. Malformed parts are omitted completely, because
// what is secret in them is not known: an Authorization header that is not an AWS
// signature, a malformed query or body, the body of an unknown operation, and an error
// that may repeat one of these. The content of messages, events and log lines is
// recorded: most reports are about it.
package record
