// Package bundle builds the zips that Lambda runs: one for each main package below
// functions/, with the binary as its bootstrap.
//
// The same sources give the same bytes: the binary is built without paths and without
// cgo, and the zip has a fixed time and mode, and no machine names. Terraform therefore
// sees a changed function only when it changed, and a second build changes nothing.
//
// NAME.json beside NAME.zip has the zip's architecture and digest.
//
// The comment of a zip shows that this package made it. A zip of another tool, such as
// a bootstrap in another language, is not replaced.
package bundle
