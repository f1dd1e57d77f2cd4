package localaws

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// errStore refuses changes after the store has failed.
var errStore = awsapi.Error{
	Code:      "ServiceUnavailableException",
	QueryCode: "ServiceUnavailable",
	Namespace: "com.amazon.coral.service",
	Status:    503,
}

// guarded returns a service whose operations depend on the state of the store: they
// save the service time at which they run, and those that write are refused after the
// store has failed, before they change anything in memory. With a store in memory it
// is the service itself.
func (p *parts) guarded(api *awsapi.Service) *awsapi.Service {
	if !p.store.Durable() {
		return api
	}

	out := *api
	out.Operations = make(map[string]awsapi.Operation, len(api.Operations))
	for name, op := range api.Operations {
		op.Do = p.guard(op)
		out.Operations[name] = op
	}

	return &out
}

// guard returns the operation's Do for guarded. Time may pass in the operation, as in
// a long poll; the response then waits until that time is durable.
func (p *parts) guard(op awsapi.Operation) func(context.Context, *awsapi.Call, any) (any, error) {
	write := !op.ReadOnly()
	return func(ctx context.Context, c *awsapi.Call, in any) (any, error) {
		if write {
			if err := p.checkStore(); err != nil {
				return nil, err
			}
		}
		p.time.save()

		out, err := op.Do(ctx, c, in)
		if err != nil {
			return nil, err
		}
		_ = p.time.save().Wait() // what the operation did is durable even if the time is not
		return out, nil
	}
}

// checkStore returns an error if the store has failed.
func (p *parts) checkStore() error {
	err := p.store.Err()
	if err == nil {
		return nil
	}
	return errStore.With("The embedded AWS is read-only: its store failed: %v. "+
		"What was acknowledged is stored; remove the cause and restart it.", err)
}
