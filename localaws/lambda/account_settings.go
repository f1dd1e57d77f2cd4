package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/archive"
)

type AccountLimit struct {
	TotalCodeSize                  int64 `json:"TotalCodeSize"`
	CodeSizeUnzipped               int64 `json:"CodeSizeUnzipped"`
	CodeSizeZipped                 int64 `json:"CodeSizeZipped"`
	ConcurrentExecutions           int   `json:"ConcurrentExecutions"`
	UnreservedConcurrentExecutions int   `json:"UnreservedConcurrentExecutions"`
}

type AccountUsage struct {
	TotalCodeSize int64 `json:"TotalCodeSize"`
	FunctionCount int64 `json:"FunctionCount"`
}

type AccountSettings struct {
	AccountLimit AccountLimit `json:"AccountLimit"`
	AccountUsage AccountUsage `json:"AccountUsage"`
}

// GetAccountSettings is GetAccountSettings (LAM C32).
func (s *Service) GetAccountSettings(_ context.Context, c *awsapi.Call, _ *awsapi.None) (*AccountSettings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &AccountSettings{AccountLimit: AccountLimit{
		TotalCodeSize:                  allCode,
		CodeSizeUnzipped:               archive.MaxUnzipped,
		CodeSizeZipped:                 maxZip,
		ConcurrentExecutions:           accountConcurrency,
		UnreservedConcurrentExecutions: s.unreservedConcurrency(scopeOf(c)),
	}}

	for k, f := range s.functions {
		if k.scope != scopeOf(c) {
			continue
		}

		out.AccountUsage.FunctionCount++
		for _, v := range f.versions() {
			out.AccountUsage.TotalCodeSize += v.code.Size
		}
	}

	return out, nil
}
