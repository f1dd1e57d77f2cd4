package awsapi

import (
	"context"
	"fmt"
)

// Dispatcher runs operations after it has checked the caller's permissions. The
// gateway uses it for requests, and services use it when they act for a role.
type Dispatcher struct {
	// Services are the embedded services by name.
	Services map[string]*Service
	// Authorize decides on one permission. It returns nil or the error that
	// denies the call. A nil Authorize allows everything (authentication is off).
	Authorize func(ctx context.Context, c *Call, a Access) error
	// Intercept is called for every permitted operation instead of the
	// operation: it calls next, or returns something else. Nil means no
	// interception.
	Intercept func(ctx context.Context, c *Call, service string, op *Operation, in any, next func() (any, error)) (any, error)
}

// Do checks the permissions of one operation and runs it.
func (d *Dispatcher) Do(ctx context.Context, c *Call, service, operation string, in any) (any, error) {
	svc, ok := d.Services[service]
	if !ok {
		return nil, fmt.Errorf("service %s is not embedded", service)
	}

	op, ok := svc.Operations[operation]
	if !ok {
		return nil, fmt.Errorf("operation %s of %s is not embedded", operation, service)
	}

	// Permissions come before everything that depends on state.
	if err := d.Allow(ctx, c, &op, in); err != nil {
		return nil, err
	}
	return d.Perform(ctx, c, service, &op, in)
}

// Allow checks the permissions that op needs for in. It returns the error that
// denies the call, or nil.
func (d *Dispatcher) Allow(ctx context.Context, c *Call, op *Operation, in any) error {
	if d.Authorize == nil || op.Access == nil {
		return nil
	}

	// The error names one action: the first denial ends the check.
	for _, a := range op.Access(c, in) {
		if err := d.Authorize(ctx, c, a); err != nil {
			return err
		}
	}
	return nil
}

// Perform runs an operation without a check of permissions: see [Dispatcher.Allow].
func (d *Dispatcher) Perform(ctx context.Context, c *Call, service string, op *Operation, in any) (any, error) {
	if d.Intercept == nil {
		return op.Do(ctx, c, in)
	}
	return d.Intercept(ctx, c, service, op, in, func() (any, error) { return op.Do(ctx, c, in) })
}
