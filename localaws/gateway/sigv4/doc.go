// Package sigv4 reads and verifies signatures of AWS's Signature Version 4, in the
// Authorization header or in the query string of a presigned URL.
//
// Parse returns what a request claims about its signer and scope; Verify checks the
// claim. Dates are compared with a time that the caller passes, which is machine time:
// real clients sign with it.
package sigv4
