package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/archive"
)

type accountLimit struct {
	TotalCodeSize                  int64 `json:"TotalCodeSize"`
	CodeSizeUnzipped               int64 `json:"CodeSizeUnzipped"`
	CodeSizeZipped                 int64 `json:"CodeSizeZipped"`
	ConcurrentExecutions           int   `json:"ConcurrentExecutions"`
	UnreservedConcurrentExecutions int   `json:"UnreservedConcurrentExecutions"`
}

type accountUsage struct {
	TotalCodeSize int64 `json:"TotalCodeSize"`
	FunctionCount int64 `json:"FunctionCount"`
}

type accountSettings struct {
	AccountLimit accountLimit `json:"AccountLimit"`
	AccountUsage accountUsage `json:"AccountUsage"`
}

// getAccountSettings is GetAccountSettings (LAM C32).
func (s *Service) getAccountSettings(_ context.Context, c *awsapi.Call, _ *awsapi.None) (*accountSettings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &accountSettings{AccountLimit: accountLimit{
		TotalCodeSize: allCode, CodeSizeUnzipped: archive.MaxUnzipped, CodeSizeZipped: maxZip,
		ConcurrentExecutions: accountConcurrency, UnreservedConcurrentExecutions: s.unreserved(placeOf(c)),
	}}
	for k, f := range s.functions {
		if k.place != placeOf(c) {
			continue
		}
		out.AccountUsage.FunctionCount++
		for _, v := range f.versions() {
			out.AccountUsage.TotalCodeSize += v.code.Size
		}
	}
	return out, nil
}
