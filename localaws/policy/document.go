package policy

// Kind is what a policy is attached to. It decides which elements the policy may
// have, and its name in errors.
type Kind uint8

const (
	// Identity is a policy of a user or role, inline or managed.
	Identity Kind = iota
	// Resource is a policy on a resource, such as a queue.
	Resource
	// Trust is a role's policy on who may assume it.
	Trust
	// Boundary is a permissions boundary, which has the form of an identity policy.
	Boundary
	// Session is a policy passed to AssumeRole, which has the form of an identity
	// policy.
	Session
)

// String returns the kind's name in error messages (LAM D24).
func (k Kind) String() string {
	return [...]string{
		Identity: "identity-based policy",
		Resource: "resource-based policy",
		Trust:    "role trust policy",
		Boundary: "permissions boundary",
		Session:  "session policy",
	}[k]
}

// Document is a parsed policy. It is immutable.
type Document struct {
	// Version is 2012-10-17, or 2008-10-17 if the text has none.
	Version    string
	statements []statement
}

// statement is one statement of a policy.
type statement struct {
	sid        string
	deny       bool
	principals *principals // nil in identity policies
	actions    patterns
	resources  patterns // empty in trust policies, and where a resource policy means its resource
	conditions []condition
}

// patterns is the element Action, NotAction, Resource or NotResource.
type patterns struct {
	list []pattern
	not  bool
}

// match reports whether the element matches s. An element that the statement does
// not have matches everything. A pattern with a variable that the request does not
// have matches nothing.
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
