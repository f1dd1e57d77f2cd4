package localaws

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// errStore refuses what would change something that can be kept no longer.
var errStore = awsapi.Error{
	Code: "ServiceUnavailableException", QueryCode: "ServiceUnavailable", Namespace: "com.amazon.coral.service", Status: 503,
}

// guarded is a service whose operations keep to what the store can hold: they note
// the service time that they run at, and those that write are refused once the
// store has failed, before they change anything in memory. A store in memory needs
// none of it.
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

// guard is an operation's Do with the above around it. Time may pass in the
// operation, as in a long poll; what it answers then waits until that is kept.
func (p *parts) guard(op awsapi.Operation) func(context.Context, *awsapi.Call, any) (any, error) {
	write := !op.ReadOnly()
	return func(ctx context.Context, c *awsapi.Call, in any) (any, error) {
		if write {
			if err := p.refusal(); err != nil {
				return nil, err
			}
		}
		p.times.note()
		out, err := op.Do(ctx, c, in)
		if err != nil {
			return nil, err
		}
		_ = p.times.note().Wait() // what the operation did is kept even if this is not
		return out, nil
	}
}

// refusal says why nothing is written any more, or is nil while the store is well.
func (p *parts) refusal() error {
	err := p.store.Err()
	if err == nil {
		return nil
	}
	return errStore.With("The embedded AWS takes no more changes, because its store has failed: %v. "+
		"What was acknowledged is kept; put the cause right and start it again.", err)
}
