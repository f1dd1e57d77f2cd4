// Package record writes what an endpoint was asked and what it answered, one JSON
// object on a line for each exchange, so that somebody else can see what went
// wrong.
//
// Secrets are left out: signatures, session tokens, cookies and the like in headers
// and addresses; secret access keys and session tokens in bodies; the values of
// functions' environment variables, and their code. What cannot be read is left out
// whole, since nobody could say what in it is secret: an Authorization header that
// is no AWS signature, a query or a body that is malformed, the body of an operation
// that is not known, and an error that may repeat one of these. What messages, events
// and log lines say stays, for that is mostly what a report is about.
package record
