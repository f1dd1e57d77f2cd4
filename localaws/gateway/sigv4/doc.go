// Package sigv4 reads and checks signatures of AWS's Signature Version 4, in the
// Authorization header or in the query string of a presigned address.
//
// Parse tells who claims to have signed and for what; Verify says whether it is
// so. Dates are checked by the caller's idea of now, which is the machine's time:
// real clients live in it.
package sigv4
