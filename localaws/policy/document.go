package policy

// Kind is where a policy stands, which decides what it may hold and what its
// refusals are called.
type Kind uint8

const (
	// Identity is a policy of a user or role, inline or managed.
	Identity Kind = iota
	// Resource is a policy on a resource, such as a queue.
	Resource
	// Trust is a role's policy of who may assume it.
	Trust
	// Boundary is a permissions boundary, written as an identity policy.
	Boundary
	// Session is a policy passed to AssumeRole, written as an identity policy.
	Session
)

// String is the kind's name in messages (LAM D24).
func (k Kind) String() string {
	return [...]string{"identity-based policy", "resource-based policy", "role trust policy", "permissions boundary", "session policy"}[k]
}

// Document is a policy that was read. It does not change.
type Document struct {
	// Version is 2012-10-17, or 2008-10-17 where the text names none.
	Version    string
	statements []statement
}

// statement is one rule.
type statement struct {
	sid        string
	deny       bool
	principals *principals // nil in identity policies
	actions    patterns
	resources  patterns // nil in trust policies: the role itself
	conditions []condition
}

// patterns is Action or NotAction, Resource or NotResource.
type patterns struct {
	list []pattern
	not  bool
}

// match reports whether s is meant. A pattern with a variable that the request
// does not have matches nothing.
func (p patterns) match(s string, r *Request) bool {
	if p.list == nil {
		return true
	}
	for i := range p.list {
		if p.list[i].match(s, r) {
			return !p.not
		}
	}
	return p.not
}
