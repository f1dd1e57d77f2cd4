package mapping

import (
	"fmt"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// sessionLife is how long a session of the execution role is used before another is
// requested.
const sessionLife = time.Hour

// session is a session of the execution role.
type session struct {
	role   string
	caller awsapi.Caller
	since  time.Time // zero without a session
}

// currentRoleCaller is roleCaller for the role that the function has now, or had last if the
// function was deleted (LAM B32).
func (p *poller) currentRoleCaller() (awsapi.Caller, error) {
	p.mu.Lock()
	function := p.config.function
	p.mu.Unlock()
	if fn, err := p.service.opts.Functions.Resolve(p.call, function); err == nil {
		p.mu.Lock()
		if fn.Role != p.session.role {
			p.session = session{role: fn.Role}
		}
		p.mu.Unlock()
	}
	return p.roleCaller()
}

// roleCaller returns a session of the role with which messages were received.
func (p *poller) roleCaller() (awsapi.Caller, error) {
	p.mu.Lock()
	functionARN := p.functionARN
	current := p.session
	p.mu.Unlock()
	now := p.service.opts.Clock.Now()
	if !current.since.IsZero() && now.Sub(current.since) < sessionLife {
		return current.caller, nil
	}

	// IAM is asked without the lock. If two goroutines do so at the same time, the later session is stored.
	caller, err := p.service.opts.Roles.Session(p.service.ctx, current.role, functionARN)
	if err != nil {
		return awsapi.Caller{}, fmt.Errorf("get a session of %s: %w", current.role, err)
	}

	p.mu.Lock()
	p.session = session{
		role:   current.role,
		caller: caller,
		since:  now,
	}

	p.mu.Unlock()
	return caller, nil
}
