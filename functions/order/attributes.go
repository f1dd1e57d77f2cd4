package order

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Attributes returns the attributes of the draft's message, sent at the given time.
func (d Draft) Attributes(project string, sent time.Time) map[string]types.MessageAttributeValue {
	attributes := map[string]types.MessageAttributeValue{
		Project: Text(project),
		SentAt:  Number(sent.Unix()),
	}
	if d.IsBad() {
		attributes[Bad] = Text("True")
	} else {
		attributes[StoreID] = Number(int64(d.Store))
	}
	return attributes
}

// Text returns an attribute of type String.
func Text(value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
}

// Number returns an attribute of type Number.
func Number(value int64) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("Number"), StringValue: aws.String(strconv.FormatInt(value, 10))}
}
