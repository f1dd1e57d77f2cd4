package policy

import (
	"maps"
	"slices"
	"strings"
)

// Policies are the policies that apply to one request.
type Policies struct {
	// Identity are the caller's own policies, inline and managed.
	Identity []*Document
	// Boundary is the caller's permissions boundary, or nil.
	Boundary *Document
	// Session are the caller's session policies. If there are any, one of them must
	// allow the request.
	Session []*Document
	// Resource is the resource's policy, or nil.
	Resource *Document
	// IdentityOnlyPrefix is the prefix, in lower case, of the condition keys that the
	// resource's policy does not have and all other policies have; empty for no such
	// keys. Queue policies have no aws:ResourceTag (IAM E62).
	IdentityOnlyPrefix string
	// MustGrant means that the resource's policy must allow the request even within
	// its account, as a role's trust policy must (LAM D16).
	MustGrant bool
}

// Decision is the result of an evaluation.
type Decision struct {
	// Allowed reports whether the request is allowed.
	Allowed bool
	// Explicit means that a Deny statement denied the request.
	Explicit bool
	// By is the kind of policy that denied the request, or did not allow it.
	By Kind
}

// Decide evaluates the policies for r (LAM D14 to D17).
func (p *Policies) Decide(r *Request) Decision {
	if d, denied := p.denied(r); denied {
		return d
	}

	grant := noGrant
	if p.Resource != nil {
		grant = p.Resource.grants(p.resourceView(r))
	}

	// A service or an unsigned caller has no identity policies.
	who := &r.Principal
	if who.Service != "" || who.Account == "" {
		return Decision{Allowed: grant >= toRole, By: p.resourceKind()}
	}

	// Across accounts, both sides must allow.
	if r.Owner != "" && r.Owner != who.Account {
		if d := p.checkCaller(r, true); !d.Allowed {
			return d
		}
		return Decision{Allowed: grant > noGrant, By: p.resourceKind()}
	}

	// Within an account, one side is enough, unless the resource must grant.
	switch {
	case p.MustGrant && grant == noGrant:
		return Decision{By: p.resourceKind()}
	case grant >= toEveryone:
		return Decision{Allowed: true}
	}
	return p.checkCaller(r, grant < toRole)
}

// resourceView returns r without the condition keys that do not exist for the
// resource's policy.
func (p *Policies) resourceView(r *Request) *Request {
	if p.IdentityOnlyPrefix == "" {
		return r
	}

	view := *r
	view.Keys = maps.Clone(r.Keys)
	maps.DeleteFunc(view.Keys, func(key string, _ []string) bool { return strings.HasPrefix(key, p.IdentityOnlyPrefix) })
	return &view
}

// resourceKind returns the kind of the resource's policy.
func (p *Policies) resourceKind() Kind {
	if p.MustGrant {
		return Trust
	}
	return Resource
}

// denied reports whether a Deny statement of any policy matches r. Identity policies
// cannot deny the administrator anything.
func (p *Policies) denied(r *Request) (Decision, bool) {
	// The resource's policy first: it can deny the administrator too.
	if p.Resource != nil && p.Resource.denies(p.resourceView(r), p.Boundary != nil) {
		return Decision{Explicit: true, By: p.resourceKind()}, true
	}
	if r.Principal.Administrator {
		return Decision{}, false
	}

	// A deny in any of the caller's policies is enough. The sequence decides only which
	// of them the error names.
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

// checkCaller evaluates the caller's own policies. A boundary and session policies
// must allow r if there are any, and identity policies if they are needed.
func (p *Policies) checkCaller(r *Request, needIdentity bool) Decision {
	if r.Principal.Administrator {
		return Decision{Allowed: true}
	}

	if needIdentity && !anyAllows(p.Identity, r) {
		return Decision{By: Identity}
	}
	// A boundary and session policies limit what identity policies allow.
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

// denies reports whether a Deny statement matches r. NotPrincipal never exempts a
// caller with a permissions boundary (IAM A5).
func (d *Document) denies(r *Request, bounded bool) bool {
	for i := range d.statements {
		s := &d.statements[i]
		if s.deny && s.match(r) && (s.principals == nil || s.principals.denies(&r.Principal, bounded)) {
			return true
		}
	}
	return false
}

// grants returns the closest grant of the Allow statements that match r.
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

// match reports whether a statement matches r, apart from its principal.
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
