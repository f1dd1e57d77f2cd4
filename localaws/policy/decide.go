package policy

import (
	"maps"
	"slices"
	"strings"
)

// Policies are all that bear on one request.
type Policies struct {
	// Identity are the caller's own, inline and managed.
	Identity []*Document
	// Boundary is the caller's permissions boundary, or nil.
	Boundary *Document
	// Session are the policies that its session was narrowed by: what none of
	// them allows is not allowed. Without any it is not narrowed.
	Session []*Document
	// Resource is the resource's policy, or nil.
	Resource *Document
	// ResourceLacks is the prefix, in lower case, of condition keys that the
	// resource's policy does not know though the others do; empty where it knows
	// all. Queue policies do not know aws:ResourceTag (IAM E62).
	ResourceLacks string
	// MustGrant says that the resource's policy has to allow even within its
	// account, as a role's trust policy does (LAM D16).
	MustGrant bool
}

// Decision is the outcome.
type Decision struct {
	// Allowed is whether the request may go ahead.
	Allowed bool
	// Explicit marks a refusal by a Deny statement.
	Explicit bool
	// By is the kind of policy that refused, or did not allow.
	By Kind
}

// Decide evaluates r (LAM D14 to D17).
func (p *Policies) Decide(r *Request) Decision {
	if d, denied := p.denied(r); denied {
		return d
	}
	grant := noGrant
	if p.Resource != nil {
		grant = p.Resource.grants(p.seenByResource(r))
	}
	who := &r.Principal
	if who.Service != "" || who.Account == "" {
		return Decision{Allowed: grant >= toRole, By: p.resourceKind()}
	}
	if r.Owner != "" && r.Owner != who.Account {
		if d := p.narrowed(r, true); !d.Allowed {
			return d
		}
		return Decision{Allowed: grant > noGrant, By: p.resourceKind()}
	}
	switch {
	case p.MustGrant && grant == noGrant:
		return Decision{By: p.resourceKind()}
	case grant >= toEveryone:
		return Decision{Allowed: true}
	}
	return p.narrowed(r, grant < toRole)
}

// seenByResource returns r without the keys that the resource's policy lacks.
func (p *Policies) seenByResource(r *Request) *Request {
	if p.ResourceLacks == "" {
		return r
	}
	seen := *r
	seen.Keys = maps.Clone(r.Keys)
	maps.DeleteFunc(seen.Keys, func(key string, _ []string) bool { return strings.HasPrefix(key, p.ResourceLacks) })
	return &seen
}

// resourceKind is what the resource's policy is called.
func (p *Policies) resourceKind() Kind {
	if p.MustGrant {
		return Trust
	}
	return Resource
}

// denied looks for an explicit deny.
func (p *Policies) denied(r *Request) (Decision, bool) {
	if p.Resource != nil && p.Resource.denies(p.seenByResource(r), p.Boundary != nil) {
		return Decision{Explicit: true, By: p.resourceKind()}, true
	}
	if r.Principal.Administrator {
		return Decision{}, false
	}
	if anyDenies(p.Identity, r) {
		return Decision{Explicit: true, By: Identity}, true
	}
	if p.Boundary != nil && p.Boundary.denies(r, false) {
		return Decision{Explicit: true, By: Boundary}, true
	}
	if anyDenies(p.Session, r) {
		return Decision{Explicit: true, By: Session}, true
	}
	return Decision{}, false
}

// narrowed asks the caller's own policies: identity where that is needed, and
// boundary and session policy where there are any.
func (p *Policies) narrowed(r *Request, identity bool) Decision {
	if r.Principal.Administrator {
		return Decision{Allowed: true}
	}
	if identity && !anyAllows(p.Identity, r) {
		return Decision{By: Identity}
	}
	if p.Boundary != nil && !p.Boundary.allows(r) {
		return Decision{By: Boundary}
	}
	if len(p.Session) > 0 && !anyAllows(p.Session, r) {
		return Decision{By: Session}
	}
	return Decision{Allowed: true}
}

func anyAllows(docs []*Document, r *Request) bool {
	return slices.ContainsFunc(docs, func(d *Document) bool { return d.allows(r) })
}

func anyDenies(docs []*Document, r *Request) bool {
	return slices.ContainsFunc(docs, func(d *Document) bool { return d.denies(r, false) })
}

func (d *Document) allows(r *Request) bool {
	for i := range d.statements {
		if s := &d.statements[i]; !s.deny && s.match(r) {
			return true
		}
	}
	return false
}

// denies reports whether a Deny statement is meant for r. A caller with a
// permissions boundary is never exempt by NotPrincipal (IAM A5).
func (d *Document) denies(r *Request, bounded bool) bool {
	for i := range d.statements {
		s := &d.statements[i]
		if s.deny && s.match(r) && (s.principals == nil || s.principals.denies(&r.Principal, bounded)) {
			return true
		}
	}
	return false
}

// grants is the closest grant of an Allow statement.
func (d *Document) grants(r *Request) grant {
	best := noGrant
	for i := range d.statements {
		s := &d.statements[i]
		if !s.deny && s.principals != nil && s.match(r) {
			best = max(best, s.principals.grants(&r.Principal))
		}
	}
	return best
}

// match compares all but the principal.
func (s *statement) match(r *Request) bool {
	if !s.actions.match(r.Action, r) || !s.resources.match(r.Resource, r) {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].match(r) {
			return false
		}
	}
	return true
}
