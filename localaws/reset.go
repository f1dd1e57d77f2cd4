package localaws

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// errUnknownService says that a name is none of the embedded services'.
var errUnknownService = errors.New("no such service")

// ResetScope says what [Server.Reset] forgets. Its zero value means everything.
type ResetScope struct {
	// Service is sqs, lambda, iam, sts, logs or cloudwatch; empty means all.
	Service string
	// Account is the 12-digit account; empty means every account.
	Account string
	// Region is the region; empty means every region. What has no region, such as
	// roles, stays where a region is named.
	Region string
}

// Reset forgets what services hold, for a fresh start between tests: queues and
// messages; functions and their event source mappings; roles, policies and
// temporary credentials; logs; metrics, alarms and dashboards. It names the
// services that it reached, in the order of their reset. The operator's
// credentials, the clock and registered handlers stay, and invocations under way
// end as they would have. Nothing is undone on an error; what was reset until then
// is.
//
// Temporary credentials belong to their roles and go with iam, so that there is
// nothing for sts to forget.
func (s *Server) Reset(ctx context.Context, scope ResetScope) ([]string, error) {
	if scope.Service != "" && !slices.Contains(services, scope.Service) {
		return nil, fmt.Errorf("reset %s: %w", scope.Service, errUnknownService)
	}
	p := s.parts
	reached := []string{}
	for _, part := range []struct {
		name   string
		global bool
		reset  func(account, region string) error
	}{
		// Functions and mappings go first, so that none polls what is going, and
		// roles last, for whatever still ends with their credentials.
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
			return reached, err
		}
		if err := part.reset(scope.Account, scope.Region); err != nil {
			return reached, fmt.Errorf("reset %s: %w", part.name, err)
		}
		reached = append(reached, part.name)
	}
	return reached, nil
}

// resetLambda forgets mappings and then functions.
func (p *parts) resetLambda(account, region string) error {
	return errors.Join(p.mappings.Reset(account, region), p.lambda.Reset(account, region))
}
