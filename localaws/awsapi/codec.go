package awsapi

// JSONUnmarshaler is an operation's input that reads its own JSON. The edge uses
// it in place of reflection where operations are called often.
//
// The method gets the whole body, valid or not, and must keep no part of it. It
// answers an *Error for what AWS refuses by name, and any other error for what
// is no JSON or has the wrong type: the edge turns that into the protocol's form.
type JSONUnmarshaler interface {
	UnmarshalAWSJSON(body []byte) error
}

// JSONAppender is an operation's output that writes its own JSON.
type JSONAppender interface {
	AppendAWSJSON(dst []byte) []byte
}
