// Package policycheck_test compares what localaws/policy decides with an
// evaluator written straight from AWS's published evaluation logic, on random
// policies and requests.
//
// The evaluator was written from docs/aws/iam.md (IAM E1 to E42) without reading
// localaws/policy, and shares no code with it. It must stay that way: code that both
// sides share would have the same error on both sides.
package policycheck_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// verdict is the outcome of one request.
type verdict string

const (
	allowed        verdict = "allow"
	implicitlyDeny verdict = "implicit deny"
	explicitlyDeny verdict = "explicit deny"
)

// Names of the kinds of policies that can decide a request.
const (
	identityKind = "identity"
	boundaryKind = "boundary"
	sessionKind  = "session"
	resourceKind = "resource"
)

// situation is a request with every policy that applies to it.
type situation struct {
	Identity []string            `json:"identity,omitempty"`
	Boundary string              `json:"boundary,omitempty"`
	Session  []string            `json:"session,omitempty"`
	Resource string              `json:"resource,omitempty"`
	Trust    bool                `json:"trust,omitempty"` // Resource is a role's trust policy
	Caller   caller              `json:"caller"`
	Action   string              `json:"action"`
	Target   string              `json:"target"` // the resource's ARN, or "*"
	Owner    string              `json:"owner"`  // the resource's account
	Keys     map[string][]string `json:"keys,omitempty"`
	Now      time.Time           `json:"now"`
}

// caller is the principal that makes a request. Service is set for an AWS service that
// calls as itself, Role for a role session.
type caller struct {
	Account string `json:"account,omitempty"`
	ARN     string `json:"arn,omitempty"`
	Role    string `json:"role,omitempty"`
	Service string `json:"service,omitempty"`
	Root    bool   `json:"root,omitempty"`
}

// outcome is a verdict with the kinds of policies that led to it.
type outcome struct {
	Verdict verdict
	// Denying lists the kinds with a matching Deny statement.
	Denying []string
	// Silent lists the kinds that had to allow and did not.
	Silent []string
}

// flaw names, by its fact, a rule that an evaluator breaks on purpose. A test breaks
// one rule after another to check that the generated cases depend on it.
type flaw string

// evaluator decides situations. The zero value follows every rule.
type evaluator struct {
	broken flaw
	// seen counts what occurred in the decided situations: operators, elements, forms
	// of principals.
	seen map[string]int
}

func (e *evaluator) breaks(f flaw) bool { return e.broken == f }

func (e *evaluator) note(what string) {
	if e.seen != nil {
		e.seen[what]++
	}
}

// object is a JSON object of a policy.
type object = map[string]any

// document is a policy decoded from JSON, without any checks.
type document struct {
	variables  bool // Version 2012-10-17 (E36)
	statements []object
}

func read(texts ...string) []document {
	var out []document
	for _, text := range texts {
		out = append(out, readOne(text))
	}
	return out
}

func readOne(text string) document {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var raw object
	if err := decoder.Decode(&raw); err != nil {
		panic(fmt.Sprintf("the generator made %q: %v", text, err))
	}

	d := document{variables: raw["Version"] == "2012-10-17"}
	switch list := raw["Statement"].(type) {
	case object:
		d.statements = []object{list}
	case []any:
		for _, s := range list {
			d.statements = append(d.statements, s.(object))
		}
	}
	return d
}

// grant is the scope of the Allow statements of a resource-based policy.
type grant int

const (
	grantsNothing grant = iota
	// grantsAccount names the caller's account, which delegates (E9).
	grantsAccount
	// grantsRole names the role of the caller's session (E8).
	grantsRole
	// grantsCaller names the user, the session, the service, or everyone (E7).
	grantsCaller
)

// decide follows the sequence that AWS publishes (E1 to E12).
func (e *evaluator) decide(s *situation) outcome {
	var out outcome

	identities, boundaries, sessions, resources := read(s.Identity...), read(one(s.Boundary)...), read(s.Session...), read(one(s.Resource)...)

	// An explicit deny in any policy ends the evaluation (E2).
	kinds := []struct {
		name      string
		documents []document
	}{
		{identityKind, identities},
		{boundaryKind, boundaries},
		{sessionKind, sessions},
		{resourceKind, resources},
	}
	for _, kind := range kinds {
		if e.denies(s, kind.name, kind.documents) && !e.breaks("E2 "+flaw(kind.name)) {
			out.Denying = append(out.Denying, kind.name)
		}
	}
	if len(out.Denying) > 0 {
		out.Verdict = explicitlyDeny
		return out
	}

	identity := e.allows(s, identityKind, identities) || s.Caller.Root && !e.breaks("E1")
	boundary := s.Boundary == "" || e.breaks("E4") || e.allows(s, boundaryKind, boundaries)
	session := len(s.Session) == 0 || e.breaks("E5") || e.allows(s, sessionKind, sessions)
	if e.breaks("E5 union") {
		for _, d := range sessions {
			session = session && e.allows(s, sessionKind, []document{d})
		}
	}
	resource := e.grants(s, resources)
	if resource != grantsNothing {
		e.note("grant by " + [...]string{"", "account", "role", "caller"}[resource])
	}

	limits := func(needsResource bool) []string {
		var silent []string
		if needsResource && resource == grantsNothing {
			silent = append(silent, resourceKind)
		}
		if !identity {
			silent = append(silent, identityKind)
		}
		if !boundary {
			silent = append(silent, boundaryKind)
		}
		if !session {
			silent = append(silent, sessionKind)
		}
		return silent
	}

	switch {
	case s.Caller.Service != "":
		// A service has no policies itself (E12).
		if resource == grantsNothing {
			out.Silent = []string{resourceKind}
		}

	case s.Caller.Account != s.Owner:
		// Both accounts must allow the request independently (E11).
		e.note("cross-account")
		out.Silent = limits(!e.breaks("E11 resource"))
		if e.breaks("E11 identity") && resource != grantsNothing {
			out.Silent = nil
		}

	default:
		if resource == grantsCaller && !e.breaks("E7") {
			break // an implicit deny elsewhere does not revoke it
		}
		if resource == grantsRole && !e.breaks("E8 grants") {
			identity = true
			if e.breaks("E8 limits") {
				break
			}
		}
		if resource == grantsAccount && e.breaks("E9") {
			break
		}
		out.Silent = limits(s.Trust && !e.breaks("E10"))
	}

	out.Verdict = allowed
	if len(out.Silent) > 0 {
		out.Verdict = implicitlyDeny
	}
	return out
}

func one(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// denies reports whether a Deny statement of any of the policies applies.
func (e *evaluator) denies(s *situation, kind string, documents []document) bool {
	found := false
	for _, d := range documents {
		for _, statement := range d.statements {
			if statement["Effect"] == "Deny" && e.applies(s, d, kind, statement) != grantsNothing {
				found = true
			}
		}
	}
	return found
}

// allows reports whether an Allow statement of any of the policies applies
// (E3).
func (e *evaluator) allows(s *situation, kind string, documents []document) bool {
	if e.breaks("E3") && len(documents) > 1 {
		documents = documents[:1]
	}
	for _, d := range documents {
		for _, statement := range d.statements {
			if statement["Effect"] == "Allow" && e.applies(s, d, kind, statement) != grantsNothing {
				return true
			}
		}
	}
	return false
}

// grants returns the widest grant of resource-based policies.
func (e *evaluator) grants(s *situation, documents []document) grant {
	best := grantsNothing
	for _, d := range documents {
		for _, statement := range d.statements {
			if statement["Effect"] == "Allow" {
				best = max(best, e.applies(s, d, resourceKind, statement))
			}
		}
	}
	return best
}

// applies returns how a statement matches the request: every element must match (E13).
// For policies without principals it is grantsCaller or grantsNothing.
func (e *evaluator) applies(s *situation, d document, kind string, statement object) grant {
	form := grantsCaller
	if kind == resourceKind {
		form = e.principal(s, statement)
	}
	if form == grantsNothing || !e.action(s, statement) || !e.resource(s, d, statement) || !e.conditions(s, d, statement) {
		return grantsNothing
	}
	return form
}

// action matches Action or NotAction (E14, E15).
func (e *evaluator) action(s *situation, statement object) bool {
	match := func(patterns any) bool {
		return slices.ContainsFunc(strs(patterns), func(pattern string) bool {
			name := s.Action
			if !e.breaks("E14 case") {
				pattern, name = strings.ToLower(pattern), strings.ToLower(name)
			}
			if e.breaks("E14 wildcards") {
				return pattern == name || pattern == "*"
			}
			return glob(plain(pattern), name)
		})
	}
	if patterns, ok := statement["NotAction"]; ok {
		e.note("NotAction")
		return match(patterns) == e.breaks("E15")
	}
	e.note("Action")
	return match(statement["Action"])
}

// resource matches Resource or NotResource (E16, E17). A trust policy has neither: its
// resource is its role.
func (e *evaluator) resource(s *situation, d document, statement object) bool {
	match := func(patterns any) bool {
		return slices.ContainsFunc(strs(patterns), func(pattern string) bool {
			tokens, ok := e.expand(s, d, pattern)
			if !ok {
				return e.breaks("E37 resource") // a variable without a value matches no resource
			}
			return e.arnPattern(tokens, s.Target)
		})
	}
	if patterns, ok := statement["NotResource"]; ok {
		e.note("NotResource")
		return match(patterns) == e.breaks("E17")
	}
	if patterns, ok := statement["Resource"]; ok {
		e.note("Resource")
		return match(patterns)
	}
	return true
}

// arnPattern matches a resource pattern with an ARN. Within the first five parts a
// wildcard does not match a colon, except a star at the end of a part (E16).
func (e *evaluator) arnPattern(pattern []token, arn string) bool {
	if e.breaks("E16 case") {
		arn = strings.ToLower(arn)
		pattern = slices.Clone(pattern)
		for i, t := range pattern {
			pattern[i].char = []rune(strings.ToLower(string(t.char)))[0]
		}
	}
	colons := 0
	out := slices.Clone(pattern)
	for i := range out {
		switch t := &out[i]; {
		case t.wild == none && t.char == ':':
			colons++
		case t.wild == none || colons >= 5:
		case t.wild == any1:
			t.within = true
		case t.wild == anyN:
			last := i+1 == len(out) || out[i+1].wild == none && out[i+1].char == ':'
			t.within = !last || e.breaks("E16 across") && i+1 < len(out)
			if e.breaks("E16 within") {
				t.within = false
			}
		}
	}
	return glob(out, arn)
}

// principal matches Principal or NotPrincipal (E18 to E20).
func (e *evaluator) principal(s *situation, statement object) grant {
	if named, ok := statement["NotPrincipal"]; ok {
		e.note("NotPrincipal")
		if e.excepted(s, named) {
			return grantsNothing
		}
		return grantsCaller
	}

	best := grantsNothing
	switch named := statement["Principal"].(type) {
	case string:
		if named == "*" {
			e.note("Principal *")
			best = grantsCaller
		}
	case object:
		for kind, values := range named {
			for _, value := range strs(values) {
				best = max(best, e.names(s, kind, value))
			}
		}
	}
	return best
}

// names returns how one value of a Principal element names the caller.
func (e *evaluator) names(s *situation, kind, value string) grant {
	c := s.Caller
	switch {
	case kind == "Service":
		if c.Service != "" && value == c.Service {
			e.note("Principal service")
			return grantsCaller
		}
	case kind != "AWS":
	case value == "*":
		e.note("Principal AWS *")
		return grantsCaller
	case c.Service != "":
	case value == c.Account || value == "arn:aws:iam::"+c.Account+":root":
		e.note("Principal account")
		if e.breaks("E18 account") && value != c.ARN {
			return grantsNothing
		}
		return grantsAccount
	case value == c.ARN:
		e.note("Principal user or session")
		return grantsCaller
	case c.Role != "" && value == c.Role:
		e.note("Principal role")
		if e.breaks("E18 role") {
			return grantsNothing
		}
		return grantsRole
	}
	if e.breaks("E18 case") && kind == "AWS" && strings.EqualFold(value, c.ARN) {
		return grantsCaller
	}
	return grantsNothing
}

// excepted reports whether NotPrincipal names the caller. AWS checks the account
// first, then the user or role, then the session, and each must be named (E19). A
// caller with a permissions boundary is never excepted (E20).
func (e *evaluator) excepted(s *situation, named any) bool {
	c := s.Caller
	if s.Boundary != "" && !e.breaks("E20") {
		return false
	}
	all, ok := named.(object)
	if !ok {
		return named == "*"
	}
	if c.Service != "" {
		return slices.Contains(strs(all["Service"]), c.Service)
	}

	list := strs(all["AWS"])
	has := func(arn string) bool { return slices.Contains(list, arn) }
	account := has(c.Account) || has("arn:aws:iam::"+c.Account+":root")
	switch {
	case has("*"):
		return true
	case e.breaks("E19"): // as if one of them were enough
		return account || has(c.ARN) || c.Role != "" && has(c.Role)
	case c.Root:
		return account
	case c.Role == "":
		return account && has(c.ARN)
	}
	return account && has(c.Role) && (has(c.ARN) || e.breaks("E19 session"))
}

// strs returns the strings of a value that may be single or in a list. Numbers and
// booleans are converted to text.
func strs(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, strs(item)...)
		}
		return out
	case string:
		return []string{v}
	}
	return []string{fmt.Sprint(value)}
}
