package flow

import (
	"errors"
	"slices"

	"github.com/aws/smithy-go"
)

// missingCodes are the error codes for a function, mapping or queue that does not
// exist.
var missingCodes = []string{
	"ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
}

// Missing reports whether err is AWS's error for a function, mapping or queue that does
// not exist: it was deleted, or replaced by one with another id.
func Missing(err error) bool {
	var apiErr smithy.APIError
	return errors.As(err, &apiErr) && slices.Contains(missingCodes, apiErr.ErrorCode())
}
