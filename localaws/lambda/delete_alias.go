package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DeleteAlias deletes an alias with its policy and configuration. It succeeds if there is
// none (LAM C28).
func (s *Service) DeleteAlias(_ context.Context, c *awsapi.Call, in *AliasInput) error {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return err
	}

	return s.changeFunction(ref, func(f *function) error {
		if f.aliases[in.Name] != nil {
			delete(f.aliases, in.Name)
			delete(f.policies, in.Name)
			delete(f.invokeConfigs, in.Name)
		}
		return nil
	})
}
