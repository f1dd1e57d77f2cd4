package awsapi

import "strings"

// readPrefixes begin the names of operations that change nothing. Every other
// operation may write: a receive hides messages, an invocation writes a log.
var readPrefixes = []string{"Get", "List", "Describe", "Filter", "Test"}

// ReadOnly reports whether the operation changes nothing, judged by its name.
func (op *Operation) ReadOnly() bool {
	for _, prefix := range readPrefixes {
		if strings.HasPrefix(op.Name, prefix) {
			return true
		}
	}

	return false
}
