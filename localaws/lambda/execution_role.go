package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// assume returns a session of a function's role, or an error if Lambda cannot assume it
// (LAM C12).
func (s *Service) assume(ctx context.Context, role string, k functionKey) (Session, error) {
	session, err := s.opts.Roles.Session(ctx, role, k.arn())
	if err != nil {
		s.opts.Logger.Debug("role cannot be assumed", "role", role, "function", k.name, "error", err)
		return Session{}, errParameter.With("The role defined for the function cannot be assumed by Lambda.")
	}
	return session, nil
}

// checkPermission checks that a session may do action on a queue or a function.
func (s *Service) checkPermission(ctx context.Context, as awsapi.Caller, region, action, resource string) error {
	if s.opts.Permit == nil {
		return nil
	}
	need := awsapi.Access{Action: action, Resource: resource}
	if action == "lambda:InvokeFunction" {
		need.ResourcePolicy, need.ResourceTags = s.resourcePolicyAndTags(splitReference(&awsapi.Call{Account: as.Account, Region: region}, resource))
	}
	return s.opts.Permit(ctx, as, region, need)
}

// checkRole checks that the role of a configuration can be assumed and may send to the
// dead-letter queue (LAM C12, C35).
func (s *Service) checkRole(ctx context.Context, k functionKey, set versionConfig) error {
	session, err := s.assume(ctx, set.Role, k)
	if err != nil || set.DeadLetter == "" {
		return err
	}
	if err := s.checkPermission(ctx, session.Caller, k.Region, "sqs:SendMessage", set.DeadLetter); err != nil {
		return errParameter.With("The provided execution role does not have permissions to call SendMessage on SQS")
	}
	return nil
}

// targetAction returns the action that sends to a destination or dead-letter queue.
func targetAction(arn awsapi.ARN) string {
	if arn.Service == "lambda" {
		return "lambda:InvokeFunction"
	}
	return "sqs:SendMessage"
}
