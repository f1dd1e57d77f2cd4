// Package record writes what an endpoint was asked and what it answered, one JSON
// object on a line for each exchange, so that somebody else can see what went
// wrong.
//
// Secrets are left out: signatures, session tokens and cookies in headers and
// addresses; secret access keys and session tokens in answers; the values of
// functions' environment variables, and their code. A body that cannot be read,
// or that belongs to a service which the endpoint does not know, is left out whole,
// since nobody could say what in it is secret. What messages, events and log lines
// say stays, for that is mostly what a report is about.
package record
