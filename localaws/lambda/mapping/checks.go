package mapping

import (
	"context"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// findFunction finds the function that a mapping is to invoke (LAM B12).
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

// unqualifiedARN is a function's ARN without version or alias.
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

	for _, action := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		if err := s.opts.Queues.Check(ctx, role, queueARN, action); err != nil {
			return queueError(action, err)
		}
	}

	q, err := s.opts.Queues.Describe(ctx, role, queueARN)
	if err != nil {
		return queueError("GetQueueAttributes", err)
	}

	if q.VisibilityTimeout < fn.Timeout {
		return errParameter.With("Queue visibility timeout: %d seconds is less than Function timeout: %d seconds",
			int(q.VisibilityTimeout.Seconds()), int(fn.Timeout.Seconds()))
	}

	return nil
}

// checkDuplicate answers another mapping of the same queue and function, with mu
// held (LAM B15).
func (s *Service) checkDuplicate(r *record) error {
	for _, m := range s.mappings[scope{r.Account, r.Region}] {
		if m.UUID != r.UUID && m.QueueARN == r.QueueARN && m.FunctionARN == r.FunctionARN {
			return errConflict.With(`An event source mapping with SQS arn (" %s ") and function (" %s ") already exists. `+
				`Please update or delete the existing mapping with UUID %s`, r.QueueARN, r.FunctionName, m.UUID)
		}
	}
	return nil
}
