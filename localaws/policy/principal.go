package policy

import (
	"regexp"
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

// match tells how closely p names w.
func (p *principals) match(w *Principal) grant {
	g := p.named(w)
	if !p.not {
		return g
	}
	if g == noGrant {
		return toEveryone
	}
	return noGrant
}

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
	case a == w.ARN && strings.HasSuffix(a, ":root"):
		return toAccount
	case a == w.ARN && a != "":
		return toCaller
	case a == w.RoleARN && a != "":
		return toRole
	case w.Account != "" && (a == w.Account || a == "arn:aws:iam::"+w.Account+":root"):
		return toAccount
	}
	return noGrant
}
