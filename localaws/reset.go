package localaws

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// errUnknownService reports a name that no embedded service has.
var errUnknownService = errors.New("no such service")

// ResetScope restricts [Server.Reset]. Its zero value means everything.
type ResetScope struct {
	// Service is sqs, lambda, iam, sts, logs or cloudwatch; empty means all.
	Service string
	// Account is the 12-digit account; empty means every account.
	Account string
	// Region is the region; empty means every region. With a region, what has none,
	// such as roles, stays.
	Region string
}

// Reset removes what services store, for a fresh start between tests: queues and
// messages; functions and their event source mappings; roles, policies and temporary
// credentials; logs; metrics, alarms and dashboards. It returns the services that it
// reset, in sequence. The operator's credentials, the clock and registered handlers
// stay, and invocations in progress end as they would have. After an error, the
// services that were already reset stay so.
//
// Temporary credentials belong to their roles and are removed with iam; a reset of sts
// removes nothing.
func (s *Server) Reset(ctx context.Context, scope ResetScope) ([]string, error) {
	if scope.Service != "" && !slices.Contains(services, scope.Service) {
		return nil, fmt.Errorf("reset %s: %w", scope.Service, errUnknownService)
	}

	p := s.parts
	done := []string{}
	for _, part := range []struct {
		name   string
		global bool
		reset  func(account, region string) error
	}{
		// Functions and mappings come first, so that none uses what is being removed;
		// roles come last, for calls in progress that use their credentials.
		{"lambda", false, p.resetLambda},
		{"sqs", false, p.sqs.Reset},
		{"logs", false, p.logs.Reset},
		{"cloudwatch", false, p.cloudwatch.Reset},
		{"iam", true, func(account, _ string) error { return p.iam.Reset(account) }},
		{"sts", true, func(string, string) error { return nil }},
	} {
		if scope.Service != "" && scope.Service != part.name || part.global && scope.Region != "" {
			continue
		}
		if err := ctx.Err(); err != nil {
			return done, err
		}
		if err := part.reset(scope.Account, scope.Region); err != nil {
			return done, fmt.Errorf("reset %s: %w", part.name, err)
		}
		done = append(done, part.name)
	}

	return done, nil
}

// resetLambda removes mappings and then functions.
func (p *parts) resetLambda(account, region string) error {
	return errors.Join(p.mappings.Reset(account, region), p.lambda.Reset(account, region))
}
