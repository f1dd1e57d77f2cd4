package policy

import (
	"regexp"
	"slices"
	"strings"
)

// Principal is who asks.
type Principal struct {
	// Account is the 12-digit account id.
	Account string
	// ARN is the user or the role's session.
	ARN string
	// RoleARN is the role of a session, else ARN or empty.
	RoleARN string
	// ID is the unique id of the user, or that of the session: the role's, a
	// colon and the session's name. Policies are stored with these ids in place
	// of ARNs ([Directory]).
	ID string
	// Service is set when an AWS service asks in its own name, such as
	// lambda.amazonaws.com.
	Service string
	// Administrator is the account's root: every identity policy allows it.
	Administrator bool
}

// grant is how closely a resource's policy names a principal (LAM D15). A closer
// one needs less help from other policies.
type grant uint8

const (
	noGrant    grant = iota
	toAccount        // the account, which only delegates
	toRole           // the role of a session
	toEveryone       // "*"
	toCaller         // the very user, session or service
)

// principals is Principal or NotPrincipal.
type principals struct {
	not      bool
	everyone bool
	aws      []string
	services []string
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// grants returns how closely an Allow statement names w. NotPrincipal names
// everybody whom it does not list at any level.
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

// denies reports whether a Deny statement is meant for w.
func (p *principals) denies(w *Principal, bounded bool) bool {
	if !p.not {
		return p.named(w) > noGrant
	}
	return bounded || !p.exempts(w)
}

// exempts reports whether NotPrincipal lists w at every level that AWS looks at:
// the account, then the user, or the role and then its session. With one of them
// missing the Deny applies (IAM A5, E19).
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

func (p *principals) lists(is func(string) bool) bool { return slices.ContainsFunc(p.aws, is) }

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
		return best
	}
	for _, a := range p.aws {
		best = max(best, closeness(a, w))
	}
	return best
}

// closeness compares one AWS principal with w.
func closeness(a string, w *Principal) grant {
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
	id, _, session := strings.Cut(w.ID, ":")
	return a != "" && (a == w.RoleARN || session && a == id)
}
