package sqs

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The namespaces of __type (SQS A6).
const (
	modelNamespace = "com.amazonaws.sqs"
	coralNamespace = "com.amazon.coral.service"
	legacyPrefix   = "AWS.SimpleQueueService."
)

// The service's errors: shape, code of the Query protocol, status (SQS A7).
var (
	errNoQueue          = modelError("QueueDoesNotExist", legacyPrefix+"NonExistentQueue", 400)
	errQueueExists      = modelError("QueueNameExists", "QueueAlreadyExists", 400)
	errDeletedRecently  = modelError("QueueDeletedRecently", legacyPrefix+"QueueDeletedRecently", 400)
	errAttributeName    = modelError("InvalidAttributeName", "InvalidAttributeName", 400)
	errAttributeValue   = modelError("InvalidAttributeValue", "InvalidAttributeValue", 400)
	errMessageContents  = modelError("InvalidMessageContents", "InvalidMessageContents", 400)
	errReceiptHandle    = modelError("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404)
	errPurgeInProgress  = modelError("PurgeQueueInProgress", legacyPrefix+"PurgeQueueInProgress", 403)
	errOverLimit        = modelError("OverLimit", "OverLimit", 403)
	errNoResource       = modelError("ResourceNotFoundException", "ResourceNotFoundException", 404)
	errEmptyBatch       = modelError("EmptyBatchRequest", legacyPrefix+"EmptyBatchRequest", 400)
	errTooManyEntries   = modelError("TooManyEntriesInBatchRequest", legacyPrefix+"TooManyEntriesInBatchRequest", 400)
	errEntryIDsRepeated = modelError("BatchEntryIdsNotDistinct", legacyPrefix+"BatchEntryIdsNotDistinct", 400)
	errEntryID          = modelError("InvalidBatchEntryId", legacyPrefix+"InvalidBatchEntryId", 400)
	errBatchTooLong     = modelError("BatchRequestTooLong", legacyPrefix+"BatchRequestTooLong", 400)
	errUnsupported      = modelError("UnsupportedOperation", legacyPrefix+"UnsupportedOperation", 400)
	errKeyDenied        = modelError("KmsAccessDenied", "KMS.AccessDeniedException", 400)
	errAddress          = modelError("InvalidAddress", "InvalidAddress", 404)

	errParameterValue = coralError("InvalidParameterValueException", "InvalidParameterValue", 400)
	errMissing        = coralError("MissingRequiredParameterException", "MissingParameter", 400)
	errEmptyValue     = coralError("EmptyValue", "EmptyValue", 400)
	errUnknownAction  = coralError("UnknownOperationException", "InvalidAction", 400)
	errUnknownMember  = coralError("ValidationException", "ValidationError", 400)
	errAccessDenied   = coralError("AccessDeniedException", "AccessDenied", 403)
	errNotStored      = coralError("ServiceUnavailableException", "ServiceUnavailable", 503)
)

func modelError(code, query string, status int) awsapi.Error {
	return awsapi.Error{
		Code:      code,
		QueryCode: query,
		Namespace: modelNamespace,
		Status:    status,
	}
}

func coralError(code, query string, status int) awsapi.Error {
	return awsapi.Error{
		Code:      code,
		QueryCode: query,
		Namespace: coralNamespace,
		Status:    status,
	}
}

// missing says that a required parameter is not there (SQS A12).
func missingParameter(name string) *awsapi.Error {
	return errMissing.With("The request must contain the parameter %s.", name)
}

// invalid says why a parameter's value is refused.
func invalidParameter(value any, name, reason string) *awsapi.Error {
	return errParameterValue.With("Value %v for parameter %s is invalid. Reason: %s", value, name, reason)
}

// noQueue says that there is no such queue, in the words of the call's protocol
// (SQS B7).
func queueDoesNotExist(c *awsapi.Call) *awsapi.Error {
	if c.Protocol == awsapi.Query {
		return errNoQueue.With("The specified queue does not exist for this wsdl version.")
	}
	return errNoQueue.With("The specified queue does not exist.")
}

// notStored says that an effect could not be made durable.
func notStored(err error) *awsapi.Error {
	return errNotStored.With("The change could not be stored: %v.", err)
}

// errNoDedupID says that a FIFO message has no deduplication id (SQS F11).
func errNoDedupID() *awsapi.Error {
	return errParameterValue.With("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
}
