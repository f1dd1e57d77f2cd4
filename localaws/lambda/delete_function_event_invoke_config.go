package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DeleteFunctionEventInvokeConfig deletes the configuration of asynchronous invocations.
func (s *Service) DeleteFunctionEventInvokeConfig(_ context.Context, c *awsapi.Call, in *QualifiedInput) error {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return err
	}

	ref.qualifier = qualifierOrLatest(ref.qualifier)
	s.mu.Lock()
	f := s.functions[ref.functionKey]
	if f == nil || f.invokeConfigs[ref.qualifier] == nil {
		s.mu.Unlock()
		return invokeConfigNotFound(ref)
	}

	delete(f.invokeConfigs, ref.qualifier)
	commit := s.storeFunction(f)
	s.mu.Unlock()
	return waitDurable(commit)
}
