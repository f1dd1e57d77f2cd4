// Package wire carries the inputs and outputs of operations over AWS's four
// protocols: AWS JSON and REST-JSON bodies, Query forms with XML answers, and
// Smithy RPC v2 CBOR. The struct tags of package awsapi say how.
//
// Names are compared exactly, as AWS does: CreateQueue's "tags" is not "Tags".
// A member that is null counts as absent. A member that the input type does not
// have is refused by name, unless it is empty: an embedded service must not
// accept what it would ignore.
//
// All decoders read hostile input: they bound depth and size, and answer an
// *[Error] for whatever they do not like.
package wire
