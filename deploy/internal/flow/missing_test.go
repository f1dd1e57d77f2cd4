package flow_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/deploy/internal/flow"
)

func TestMissingReportsOnlyErrorsOfMissingResources(t *testing.T) {
	t.Parallel()
	apiError := func(code string) error { return fmt.Errorf("read it: %w", &smithy.GenericAPIError{Code: code}) }
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"a mapping or function", apiError("ResourceNotFoundException"), true},
		{"a queue", apiError("QueueDoesNotExist"), true},
		{"a queue, in the old protocol", apiError("AWS.SimpleQueueService.NonExistentQueue"), true},
		{"a refusal", apiError("AccessDeniedException"), false},
		{"another error", errors.New("connection refused"), false},
		{"nothing", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := flow.Missing(c.err); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
