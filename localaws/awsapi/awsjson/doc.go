// Package awsjson reads and writes AWS JSON by plans that it compiles from the
// struct tags of a type, once per type.
//
// It is a fast path and accepts less than encoding/json. [Decode] reports false for
// anything unusual: an unknown member, a value of the wrong type, a syntax error, a
// type that reads its own JSON. The caller then decodes again by slower means, which
// also produce the error. What Decode accepts it decodes as encoding/json would,
// except that names must match exactly. [Append] does the same for output.
package awsjson
