package mapping

import (
	"context"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// findFunction returns the function that a mapping invokes (LAM B12).
func (s *Service) findFunction(c *awsapi.Call, name string) (Function, error) {
	fn, err := s.opts.Functions.Resolve(c, name)
	if err != nil {
		if e := awsapi.AsError(err); e.Status == 404 {
			return Function{}, errParameter.With("Function does not exist")
		}
		return Function{}, err
	}
	return fn, nil
}

// unqualifiedARN returns a function's ARN without version or alias.
func unqualifiedARN(arn, name string) string {
	return arn[:strings.LastIndex(arn, ":function:")] + ":function:" + name
}

// checkQueue checks that the execution role may poll the queue, and that the
// queue's visibility timeout covers the function's (LAM B16 to B18).
func (s *Service) checkQueue(ctx context.Context, queueARN string, fn Function) error {
	role, err := s.opts.Roles.Session(ctx, fn.Role, unqualifiedARN(fn.ARN, fn.Name))
	if err != nil {
		return errParameter.With("The role defined for the function cannot be assumed by Lambda. (%s)", awsapi.AsError(err).Message)
	}

	// AWS names the first action that the role is not permitted.
	for _, action := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		if err := s.opts.Queues.Check(ctx, role, queueARN, action); err != nil {
			return queueError(action, err)
		}
	}

	q, err := s.opts.Queues.Describe(ctx, role, queueARN)
	if err != nil {
		return queueError("GetQueueAttributes", err)
	}

	// Otherwise a message could become visible while the function still works on it.
	if q.VisibilityTimeout < fn.Timeout {
		return errParameter.With("Queue visibility timeout: %d seconds is less than Function timeout: %d seconds",
			int(q.VisibilityTimeout.Seconds()), int(fn.Timeout.Seconds()))
	}

	return nil
}

// checkDuplicate returns an error if another mapping has the same queue and function (LAM
// B15). mu must be held.
func (s *Service) checkDuplicate(r *storedConfiguration) error {
	for _, m := range s.mappings[r.scope()] {
		if m.UUID != r.UUID && m.QueueARN == r.QueueARN && m.FunctionARN == r.FunctionARN {
			return errConflict.With(`An event source mapping with SQS arn (" %s ") and function (" %s ") already exists. `+
				`Please update or delete the existing mapping with UUID %s`, r.QueueARN, r.FunctionName, m.UUID)
		}
	}
	return nil
}
