package mapping

import (
	"fmt"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// sessionLife is how long a session of the execution role is used before it is
// asked for again.
const sessionLife = time.Hour

// session is the execution role's, as the poller uses it.
type session struct {
	role   string
	caller awsapi.Caller
	since  time.Time // zero when there is none
}

// currentRole answers a session of the function's execution role: of the one it has
// now, or when it is gone, of the one it had last (LAM B32, function deleted).
func (p *poller) currentRole() (awsapi.Caller, error) {
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

// roleCaller answers a session of the execution role that messages were received
// with.
func (p *poller) roleCaller() (awsapi.Caller, error) {
	p.mu.Lock()
	asker := p.functionARN
	have := p.session
	p.mu.Unlock()
	now := p.service.opts.Clock.Now()
	if !have.since.IsZero() && now.Sub(have.since) < sessionLife {
		return have.caller, nil
	}

	caller, err := p.service.opts.Roles.Session(p.service.ctx, have.role, asker)
	if err != nil {
		return awsapi.Caller{}, fmt.Errorf("get a session of %s: %w", have.role, err)
	}

	p.mu.Lock()
	p.session = session{
		role:   have.role,
		caller: caller,
		since:  now,
	}

	p.mu.Unlock()
	return caller, nil
}
