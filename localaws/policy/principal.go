package policy

import (
	"regexp"
	"slices"
	"strings"
)

// Principal is the caller of a request.
type Principal struct {
	// Account is the 12-digit account id.
	Account string
	// ARN is that of the user or of the role's session.
	ARN string
	// RoleARN is the ARN of a session's role, else ARN or empty.
	RoleARN string
	// ID is the unique id of the user, or of the session: the role's id, a colon
	// and the session's name. Resource policies are stored with these ids instead
	// of ARNs ([Directory]).
	ID string
	// Service is set when an AWS service calls in its own name, such as
	// lambda.amazonaws.com.
	Service string
	// Administrator marks a caller that only a resource's policy can deny anything,
	// like the account's root.
	Administrator bool
}

// grant is how closely a resource's policy names a principal (LAM D15). The closer it
// is, the fewer other policies must allow the request.
type grant uint8

const (
	noGrant    grant = iota // does not name it
	toAccount               // names its account, which delegates to identity policies
	toRole                  // names the role of the session
	toEveryone              // is "*"
	toCaller                // names the user, session or service itself
)

// principals is the element Principal or NotPrincipal.
type principals struct {
	not      bool
	everyone bool
	aws      []string
	services []string
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// grants returns how closely an Allow statement names the caller w. A statement with
// NotPrincipal names, like "*", every caller that its list does not name at all.
func (p *principals) grants(w *Principal) grant {
	g := p.named(w)
	if !p.not {
		return g
	}
	if g == noGrant {
		return toEveryone
	}
	return noGrant
}

// denies reports whether a Deny statement names w. A principal with a permissions
// boundary is bounded.
func (p *principals) denies(w *Principal, bounded bool) bool {
	if !p.not {
		return p.named(w) > noGrant
	}
	return bounded || !p.exempts(w)
}

// exempts reports whether NotPrincipal exempts w from a Deny. It must list w at every
// level: the account and the user, or the account, the role and its session
// (IAM A5, E19).
func (p *principals) exempts(w *Principal) bool {
	switch {
	case p.everyone:
		return true
	case w.Service != "":
		return p.named(w) > noGrant
	case w.Account == "" || !p.lists(func(a string) bool { return namesAccount(a, w) }):
		return false
	case w.isRoot():
		return true
	case !p.lists(func(a string) bool { return namesCaller(a, w) }):
		return false
	}
	return w.RoleARN == "" || w.RoleARN == w.ARN || p.lists(func(a string) bool { return namesRole(a, w) })
}

// lists reports whether an AWS principal of the element satisfies is.
func (p *principals) lists(is func(string) bool) bool { return slices.ContainsFunc(p.aws, is) }

// named returns how closely the element's list names w.
func (p *principals) named(w *Principal) grant {
	best := noGrant
	if p.everyone {
		best = toEveryone
	}

	for _, s := range p.services {
		if w.Service != "" && (s == w.Service || s == "*") {
			return toCaller
		}
	}
	if w.Service != "" {
		return best // AWS principals are accounts and their identities, never services
	}

	for _, a := range p.aws {
		best = max(best, grantOf(a, w))
	}
	return best
}

// grantOf returns how closely one AWS principal names w.
func grantOf(a string, w *Principal) grant {
	switch {
	case a == "*":
		return toEveryone
	case namesAccount(a, w):
		return toAccount
	case namesCaller(a, w):
		return toCaller
	case namesRole(a, w):
		return toRole
	}
	return noGrant
}

// isRoot reports whether w is the root user of its account.
func (w *Principal) isRoot() bool { return strings.HasSuffix(w.ARN, ":root") }

// namesAccount reports whether a names the account of w.
func namesAccount(a string, w *Principal) bool {
	return w.Account != "" && (a == w.Account || a == "arn:aws:iam::"+w.Account+":root")
}

// namesCaller reports whether a names the user or the session itself.
func namesCaller(a string, w *Principal) bool {
	return a != "" && (a == w.ARN || a == w.ID) && !w.isRoot()
}

// namesRole reports whether a names the role of a session.
func namesRole(a string, w *Principal) bool {
	roleID, _, isSession := strings.Cut(w.ID, ":")
	return a != "" && (a == w.RoleARN || isSession && a == roleID)
}
