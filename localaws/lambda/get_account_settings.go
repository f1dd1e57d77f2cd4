package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/archive"
)

// AccountLimit holds the quotas of an account in one region.
type AccountLimit struct {
	// TotalCodeSize is in bytes, over all versions.
	TotalCodeSize int64 `json:"TotalCodeSize"`
	// CodeSizeUnzipped is the most bytes of a function's unpacked code.
	CodeSizeUnzipped int64 `json:"CodeSizeUnzipped"`
	// CodeSizeZipped is the most bytes of a zip file.
	CodeSizeZipped int64 `json:"CodeSizeZipped"`
	// ConcurrentExecutions is the concurrency of the account.
	ConcurrentExecutions int `json:"ConcurrentExecutions"`
	// UnreservedConcurrentExecutions is the concurrency that reservations leave.
	UnreservedConcurrentExecutions int `json:"UnreservedConcurrentExecutions"`
}

// AccountUsage is what an account uses in one region.
type AccountUsage struct {
	// TotalCodeSize is in bytes, over all versions.
	TotalCodeSize int64 `json:"TotalCodeSize"`
	// FunctionCount is the number of functions.
	FunctionCount int64 `json:"FunctionCount"`
}

// AccountSettings is the output of GetAccountSettings.
type AccountSettings struct {
	// AccountLimit holds the quotas.
	AccountLimit AccountLimit `json:"AccountLimit"`
	// AccountUsage is what is in use.
	AccountUsage AccountUsage `json:"AccountUsage"`
}

// GetAccountSettings returns the quotas and the usage of the account (LAM C32).
func (s *Service) GetAccountSettings(_ context.Context, c *awsapi.Call, _ *awsapi.None) (*AccountSettings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &AccountSettings{AccountLimit: AccountLimit{
		TotalCodeSize:                  allCode,
		CodeSizeUnzipped:               archive.MaxUnzipped,
		CodeSizeZipped:                 maxZip,
		ConcurrentExecutions:           accountConcurrency,
		UnreservedConcurrentExecutions: s.unreservedConcurrency(c.Scope()),
	}}

	// A zip file counts once for each version that has it.
	for k, f := range s.functions {
		if k.Scope != c.Scope() {
			continue
		}
		out.AccountUsage.FunctionCount++
		for _, v := range f.versions() {
			out.AccountUsage.TotalCodeSize += v.code.Size
		}
	}

	return out, nil
}
