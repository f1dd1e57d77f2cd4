package sqs

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The namespaces of __type (SQS A6), and the prefix of codes in the Query protocol.
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

// missingParameter returns the error for a missing required parameter (SQS A12).
func missingParameter(name string) *awsapi.Error {
	return errMissing.With("The request must contain the parameter %s.", name)
}

// invalidParameter returns the error for an invalid parameter value.
func invalidParameter(value any, name, reason string) *awsapi.Error {
	return errParameterValue.With("Value %v for parameter %s is invalid. Reason: %s", value, name, reason)
}

// queueDoesNotExist returns the error for a missing queue. Its text depends on the
// protocol of the call (SQS B7).
func queueDoesNotExist(c *awsapi.Call) *awsapi.Error {
	if c.Protocol == awsapi.Query {
		return errNoQueue.With("The specified queue does not exist for this wsdl version.")
	}
	return errNoQueue.With("The specified queue does not exist.")
}

// resourceNotFound returns the error for an ARN of a missing queue (SQS M2).
func resourceNotFound(parameter string) *awsapi.Error {
	return errNoResource.With("The resource that you specified for the %s parameter doesn't exist.", parameter)
}

// errNoDedupID returns the error for a FIFO message without a deduplication id (SQS
// F11).
func errNoDedupID() *awsapi.Error {
	return errParameterValue.With("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
}

// notStored returns the error for an effect that could not be made durable.
func notStored(err error) *awsapi.Error {
	return errNotStored.With("The change could not be stored: %v.", err)
}
