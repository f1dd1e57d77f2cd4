package flow

import (
	"errors"
	"slices"

	"github.com/aws/smithy-go"
)

// absences are the codes of AWS's answers that something is not there.
var absences = []string{
	"ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
}

// Missing reports whether err is AWS's answer that a function, mapping or queue
// is not there: deleted, or replaced by one with another id.
func Missing(err error) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && slices.Contains(absences, answer.ErrorCode())
}
