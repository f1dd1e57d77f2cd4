// Package wire decodes inputs and encodes outputs of operations in AWS's four
// protocols: AWS JSON and REST-JSON bodies, Query forms with XML responses, and Smithy
// RPC v2 CBOR, by the struct tags that package awsapi describes.
//
// Names are case-sensitive, as on AWS: CreateQueue's "tags" is not "Tags". A member
// that is null counts as absent. A member that the input type does not have is refused
// by name, unless it is empty: an embedded service must not accept what it would
// ignore.
//
// All decoders are safe for hostile input: they bound depth and size, and return an
// *[Error] for anything invalid.
package wire
