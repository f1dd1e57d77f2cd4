package lambda

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// policy is the resource policy of a function, a version or an alias. Its JSON is stored.
type policy struct {
	// Statements are in the order in which they were added.
	Statements []statement
	// Revision changes with the policy.
	Revision string
}

// statement is one statement of a resource policy, in the form of LAM C29.
type statement struct {
	// Sid is the statement's id.
	Sid string `json:"Sid"`
	// Effect is Allow.
	Effect string `json:"Effect"`
	// Principal is {"Service": …}, {"AWS": …} or "*".
	Principal json.RawMessage `json:"Principal"`
	// Action is lambda:InvokeFunction or another action of Lambda.
	Action string `json:"Action"`
	// Resource is the ARN of the function, version or alias.
	Resource string `json:"Resource"`
	// Condition restricts the principal, as operator, condition key and value.
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

// document returns the policy as JSON, or "" without statements.
func (p *policy) document() string {
	if p == nil || len(p.Statements) == 0 {
		return ""
	}
	b, _ := json.Marshal(struct { // strings and raw JSON of our own always encode
		Version   string      `json:"Version"`
		ID        string      `json:"Id"`
		Statement []statement `json:"Statement"`
	}{"2012-10-17", "default", p.Statements})
	return string(b)
}

// maxPolicy is the size in bytes of a function's resource policy (LAM C30).
const maxPolicy = 20 << 10

// principal returns the JSON of a principal.
func principal(kind, name string) json.RawMessage {
	b, _ := json.Marshal(map[string]string{kind: name}) // strings always encode
	return b
}

// principalName returns the principal of a statement without its kind.
func (st *statement) principalName() string {
	var byKind map[string]string
	if json.Unmarshal(st.Principal, &byKind) == nil {
		for _, name := range byKind {
			return name
		}
	}
	return strings.Trim(string(st.Principal), `"`)
}

// servicePrincipal matches the name of an AWS service.
var servicePrincipal = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$`)

// newStatement returns the statement to store. It names a role or user by its unique id
// (IAM A1).
func (s *Service) newStatement(in *AddPermissionInput, ref reference) (statement, error) {
	// Services, accounts and * are stored as they are.
	arn, isARN := awsapi.ParseARN(in.Principal)
	if !isARN || arn.Service != "iam" && arn.Service != "sts" {
		return in.statement(ref, in.Principal)
	}
	id, ok := s.opts.Principals.PrincipalID(in.Principal)
	if !ok {
		return statement{}, errNoPrincipal
	}
	return in.statement(ref, id)
}

var errNoPrincipal = errParameter.With("The provided principal was invalid. Please check the principal and try again.")

// statement returns the statement for the request (LAM C29), which names a role or user as
// roleOrUser.
func (in *AddPermissionInput) statement(ref reference, roleOrUser string) (statement, error) {
	st := statement{
		Sid:      in.StatementID,
		Effect:   "Allow",
		Action:   in.Action,
		Resource: ref.arn(),
	}

	arn, isARN := awsapi.ParseARN(in.Principal)
	switch {
	case in.Principal == "*":
		st.Principal = json.RawMessage(`"*"`)
	case servicePrincipal.MatchString(in.Principal):
		st.Principal = principal("Service", in.Principal)
	case accountPattern.Matches(in.Principal):
		st.Principal = principal("AWS", "arn:aws:iam::"+in.Principal+":root")
	case isARN && (arn.Service == "iam" || arn.Service == "sts"):
		st.Principal = principal("AWS", roleOrUser)
	default:
		return st, errNoPrincipal
	}

	// Only conditions that the request gives are part of the statement.
	add := func(operator, name, value string) {
		if value == "" {
			return
		}

		if st.Condition == nil {
			st.Condition = map[string]map[string]string{}
		}

		if st.Condition[operator] == nil {
			st.Condition[operator] = map[string]string{}
		}

		st.Condition[operator][name] = value
	}

	add("ArnLike", "AWS:SourceArn", in.SourceArn)
	add("StringEquals", "AWS:SourceAccount", in.SourceAccount)
	add("StringEquals", "aws:PrincipalOrgID", in.PrincipalOrgID)
	return st, nil
}

// changePolicy applies change to a copy of a resource policy and stores the result under a
// new revision.
func (s *Service) changePolicy(c *awsapi.Call, name, qualifier, revision string, change func(*function, reference, *policy) error) error {
	ref, err := parseReference(c, name, qualifier)
	if err != nil {
		return err
	}

	if ref.qualifier == latest {
		return errParameter.With("We currently do not support adding policies for $LATEST.")
	}

	s.mu.Lock()
	f, _, err := s.findVersion(ref)
	if err != nil {
		s.mu.Unlock()
		return err
	}

	// If change fails, the stored policy must be as before.
	p := policy{}
	if old := f.policies[ref.qualifier]; old != nil {
		p = *old
	}

	current := p.Revision
	if current == "" {
		current = revision // without a policy, any revision is accepted
	}

	if err = checkRevision(revision, current); err == nil {
		err = change(f, ref, &p)
	}

	if err != nil {
		s.mu.Unlock()
		return err
	}

	p.Revision = s.opts.Chance.UUID()

	// A policy without statements does not exist.
	if f.policies[ref.qualifier] = &p; len(p.Statements) == 0 {
		delete(f.policies, ref.qualifier)
	}

	commit := s.storeFunction(f)
	s.mu.Unlock()
	return waitDurable(commit)
}
