package sqs

// MessageAttributeValue is one message attribute, or the message system attribute
// that a sender may give (AWSTraceHeader).
type MessageAttributeValue struct {
	// DataType is String, Number or Binary, perhaps with a label after a point.
	DataType string `json:"DataType,omitempty"`
	// StringValue is the value of a String or Number.
	StringValue *string `json:"StringValue,omitempty"`
	// BinaryValue is the value of a Binary.
	BinaryValue []byte `json:"BinaryValue,omitempty"`
	// StringListValues is not implemented by SQS, and refused (SQS G8).
	StringListValues []string `json:"StringListValues,omitempty" query:"StringListValue"`
	// BinaryListValues is not implemented by SQS, and refused (SQS G8).
	BinaryListValues [][]byte `json:"BinaryListValues,omitempty" query:"BinaryListValue"`
}
