package awsapi

// JSONUnmarshaler is an operation's input that decodes its own JSON. The gateway
// uses it instead of reflection, for operations that are called often.
//
// The method gets the whole body, valid or not, and must not keep any part of it.
// It returns an *Error for what AWS refuses with an error of its own. Any other
// error means that the body is not JSON or has a member of the wrong type; the
// gateway turns it into the protocol's form.
type JSONUnmarshaler interface {
	UnmarshalAWSJSON(body []byte) error
}

// JSONAppender is an operation's output that encodes its own JSON.
type JSONAppender interface {
	AppendAWSJSON(dst []byte) []byte
}
