package awsapi

import "strings"

// readers are how the names of operations begin that change nothing. All others
// may write: a receive hides messages, an invocation writes a log.
var readers = []string{"Get", "List", "Describe", "Filter", "Test"}

// ReadOnly reports whether the operation changes nothing, by its name.
func (op *Operation) ReadOnly() bool {
	for _, prefix := range readers {
		if strings.HasPrefix(op.Name, prefix) {
			return true
		}
	}
	return false
}
