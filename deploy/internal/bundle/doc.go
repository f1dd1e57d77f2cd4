// Package bundle makes the zips that Lambda runs: one for each main package below
// functions/, with the binary as its bootstrap.
//
// The same sources give the same bytes: the binary is built without paths and
// without cgo, and the archive carries a fixed time, a fixed mode and no machine
// names. So Terraform sees a changed function only when it changed, and building
// twice does nothing the second time.
//
// NAME.json beside NAME.zip records the architecture that the zip is for, and the
// digest of the zip.
//
// A zip that another tool made, such as a bootstrap in another language, is left
// alone: the archives made here say so in their comment.
package bundle
