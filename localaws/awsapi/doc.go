// Package awsapi is the vocabulary that every embedded service shares: who
// calls ([Caller]), what is called ([Call], [Operation], [Service]), what may
// go wrong ([Error]) and what permission a call needs ([Access]).
//
// A service is a table of operations over Go types. The wire lives at the edge,
// in package gateway, which decodes a request into an operation's input by the
// struct tags of that type:
//
//	json:"QueueUrl"                  the member's name in AWS's model: JSON, and Query and XML where no query tag is given
//	query:"AttributeName"            its name in the Query protocol, where that differs: lists are AttributeName.1, .2, …
//	query:"Attribute,Name,Value"     for a map: entry element, and the names of key and value within it
//	path:"FunctionName"              REST only: taken from the path
//	querystring:"Qualifier"          REST only: taken from the query string
//	header:"X-Amz-Invocation-Type"   REST only: a header, in requests and in answers
//	payload:"true"                   REST only: the whole body, as []byte
//	status:"true"                    REST only, answers: the HTTP status, as int
//
// A path, querystring, header, payload or status member also carries json:"-"
// so that it never shows in a body. Members of time are [Timestamp]; absent
// members are nil pointers, nil slices or nil maps with omitempty.
//
// A direct Go call needs no wire: [Dispatcher] runs an operation for a caller,
// permission check included, and is what the edge uses as well.
package awsapi
