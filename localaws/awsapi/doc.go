// Package awsapi has the types that every embedded service shares: the identity
// that calls ([Caller]), the request ([Call]), the table of operations
// ([Operation], [Service]), errors ([Error]) and permissions ([Access]). It also
// has what their operations have in common: validation of inputs ([Validation]),
// account and region of a resource ([Scope]), tags ([Tag]) and pages ([Page]).
//
// A service is a table of operations over Go types. It knows nothing of the wire:
// package gateway decodes a request into an operation's input by the struct tags
// of that type:
//
//	json:"QueueUrl"                  the member's name in AWS's model: JSON, and Query and XML where no query tag is given
//	query:"AttributeName"            its name in the Query protocol, where that differs: lists are AttributeName.1, .2, …
//	query:"Attribute,Name,Value"     for a map: entry element, and the names of key and value within it
//	path:"FunctionName"              REST only: taken from the path
//	querystring:"Qualifier"          REST only: taken from the query string
//	header:"X-Amz-Invocation-Type"   REST only: a header, in requests and in responses
//	payload:"true"                   REST only: the whole body, as []byte
//	status:"true"                    REST only, in outputs: the HTTP status, as int
//
// A path, querystring, header, payload or status member also has json:"-", so that
// it never appears in a body. Members of time are [Timestamp]; absent members are
// nil pointers, nil slices or nil maps with omitempty.
//
// A direct call from Go needs no wire: [Dispatcher] runs an operation for a caller,
// including the check of permissions. The gateway uses it too.
package awsapi
