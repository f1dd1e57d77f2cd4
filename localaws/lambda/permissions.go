package lambda

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// maxPolicy is the size in bytes of a function's resource policy (LAM C30).
const maxPolicy = 20 << 10

// policy is the resource policy of a function, a version or an alias.
type policy struct {
	// Statements are in the order in which they were added.
	Statements []statement
	// Revision changes with the policy.
	Revision string
}

// statement is one permission, in the shape of LAM C29.
type statement struct {
	// Sid is the statement's id.
	Sid string `json:"Sid"`
	// Effect is Allow.
	Effect string `json:"Effect"`
	// Principal is who may: {"Service": …}, {"AWS": …} or "*".
	Principal json.RawMessage `json:"Principal"`
	// Action is what: lambda:InvokeFunction.
	Action string `json:"Action"`
	// Resource is the ARN of the function, version or alias.
	Resource string `json:"Resource"`
	// Condition narrows it.
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

// document is the policy as JSON.
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

// AddPermissionInput is the input of AddPermission.
type AddPermissionInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// Qualifier is a version or an alias; empty means the function itself.
	Qualifier string `json:"-" querystring:"Qualifier"`
	// StatementID is the statement's id.
	StatementID string `json:"StatementId"`
	// Action is lambda:InvokeFunction or another action of Lambda.
	Action string `json:"Action"`
	// Principal is a service, an account, the ARN of a role or user, or *.
	Principal string `json:"Principal"`
	// SourceArn restricts a service to one resource.
	SourceArn string `json:"SourceArn"`
	// SourceAccount restricts a service to one account.
	SourceAccount string `json:"SourceAccount"`
	// EventSourceToken is for Alexa, and refused.
	EventSourceToken string `json:"EventSourceToken"`
	// PrincipalOrgID restricts the principal to an organization.
	PrincipalOrgID string `json:"PrincipalOrgID"`
	// FunctionURLAuthType is for function URLs, and refused.
	FunctionURLAuthType string `json:"FunctionUrlAuthType"`
	// RevisionID is the revision that the change expects, or empty (LAM C26).
	RevisionID string `json:"RevisionId"`
}

// AddPermissionOutput is the output of AddPermission.
type AddPermissionOutput struct {
	// Statement is the new statement as JSON.
	Statement string `json:"Statement"`
}

// AddPermission is AddPermission (LAM C29, C30).
func (s *Service) AddPermission(_ context.Context, c *awsapi.Call, in *AddPermissionInput) (*AddPermissionOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}

	var out AddPermissionOutput
	err := s.changePolicy(c, in.FunctionName, in.Qualifier, in.RevisionID, func(f *function, ref reference, p *policy) error {
		st, err := s.newStatement(in, ref)
		if err != nil {
			return err
		}

		if slices.ContainsFunc(p.Statements, func(o statement) bool { return o.Sid == st.Sid }) {
			return errConflict.With("The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", st.Sid)
		}

		p.Statements = append(p.Statements, st)
		if len(p.document()) > maxPolicy {
			return errPolicyLength.With("The final policy size (%d) is bigger than the limit (%d).", len(p.document()), maxPolicy)
		}

		shown, err := in.statement(ref, in.Principal)
		if err != nil {
			return err
		}

		b, _ := json.Marshal(shown)
		out.Statement = string(b)
		return nil
	})
	if err != nil {
		return nil, err
	}

	return &out, nil
}

func (in *AddPermissionInput) check() error {
	var check constraints
	check.require(in.StatementID, "statementId")
	check.require(in.Action, "action")
	check.require(in.Principal, "principal")
	check.matches(in.StatementID, "statementId", statementPattern)
	check.atMost(in.StatementID, "statementId", 100)
	check.matches(in.Action, "action", actionPattern)
	check.matches(in.Principal, "principal", handlerPattern)
	check.matches(in.SourceArn, "sourceArn", arnPattern)
	check.matches(in.SourceAccount, "sourceAccount", accountPattern)
	check.matches(in.PrincipalOrgID, "principalOrgID", orgPattern)
	if err := check.err(); err != nil {
		return err
	}

	switch {
	case in.FunctionURLAuthType != "":
		return notEmbedded("FunctionUrlAuthType", "function URLs are not embedded")
	case in.EventSourceToken != "":
		return notEmbedded("EventSourceToken", "it is for Alexa")
	}

	return nil
}

// servicePrincipal is the form of a service's name.
var servicePrincipal = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$`)

// newStatement makes the policy statement as it is kept: a role or user is named by
// its unique id (IAM A1).
func (s *Service) newStatement(in *AddPermissionInput, ref reference) (statement, error) {
	arn, isARN := awsapi.ParseARN(in.Principal)
	if !isARN || arn.Service != "iam" && arn.Service != "sts" {
		return in.statement(ref, in.Principal)
	}
	id, ok := s.opts.Principals.Principal(in.Principal)
	if !ok {
		return statement{}, errNoPrincipal
	}
	return in.statement(ref, id)
}

var errNoPrincipal = errParameter.With("The provided principal was invalid. Please check the principal and try again.")

// statement makes the policy statement (LAM C29), with a role or user as it is
// named in who.
func (in *AddPermissionInput) statement(ref reference, who string) (statement, error) {
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
	case accountPattern.re.MatchString(in.Principal):
		st.Principal = principal("AWS", "arn:aws:iam::"+in.Principal+":root")
	case isARN && (arn.Service == "iam" || arn.Service == "sts"):
		st.Principal = principal("AWS", who)
	default:
		return st, errNoPrincipal
	}

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

// name returns the principal of a statement without its kind.
func (st *statement) name() string {
	var byKind map[string]string
	if json.Unmarshal(st.Principal, &byKind) == nil {
		for _, name := range byKind {
			return name
		}
	}
	return strings.Trim(string(st.Principal), `"`)
}

func principal(kind, name string) json.RawMessage {
	b, _ := json.Marshal(map[string]string{kind: name})
	return b
}

// RemovePermissionInput is the input of RemovePermission.
type RemovePermissionInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// StatementID is the statement's id.
	StatementID string `json:"-" path:"StatementId"`
	// Qualifier is a version or an alias; empty means the function itself.
	Qualifier string `json:"-" querystring:"Qualifier"`
	// RevisionID is the revision that the change expects, or empty (LAM C26).
	RevisionID string `json:"-" querystring:"RevisionId"`
}

// RemovePermission is RemovePermission (LAM C30).
func (s *Service) RemovePermission(_ context.Context, c *awsapi.Call, in *RemovePermissionInput) (*awsapi.None, error) {
	err := s.changePolicy(c, in.FunctionName, in.Qualifier, in.RevisionID, func(_ *function, _ reference, p *policy) error {
		if len(p.Statements) == 0 {
			return errNotFound.With("No policy is associated with the given resource.")
		}

		n := len(p.Statements)
		p.Statements = slices.DeleteFunc(slices.Clone(p.Statements), func(st statement) bool { return st.Sid == in.StatementID })
		if len(p.Statements) == n {
			return errNotFound.With("Statement %s is not found in resource policy.", in.StatementID)
		}

		return nil
	})
	if err != nil {
		return nil, err
	}

	return &awsapi.None{}, nil
}

// GetPolicyOutput is the output of GetPolicy.
type GetPolicyOutput struct {
	// Policy is the resource policy as JSON.
	Policy string `json:"Policy"`
	// RevisionID changes with the policy.
	RevisionID string `json:"RevisionId"`
}

// GetPolicy is GetPolicy (LAM C29, C30).
func (s *Service) GetPolicy(_ context.Context, c *awsapi.Call, in *QualifiedInput) (*GetPolicyOutput, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[ref.functionKey]
	if f == nil || f.policies[ref.qualifier] == nil {
		return nil, errNotFound.With("The resource you requested does not exist.")
	}

	p := f.policies[ref.qualifier]
	return &GetPolicyOutput{s.opts.Principals.Show(p.document()), p.Revision}, nil
}

// changePolicy stores what change makes of a copy of the resource's policy.
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

	p := policy{}
	if old := f.policies[ref.qualifier]; old != nil {
		p = *old
	}

	current := p.Revision
	if current == "" {
		current = revision // a first statement has nothing to differ from
	}

	if err = checkRevision(revision, current); err == nil {
		err = change(f, ref, &p)
	}

	if err != nil {
		s.mu.Unlock()
		return err
	}

	p.Revision = s.opts.Chance.UUID()
	if f.policies[ref.qualifier] = &p; len(p.Statements) == 0 {
		delete(f.policies, ref.qualifier)
	}

	commit := s.storeFunction(f)
	s.mu.Unlock()
	return waitDurable(commit)
}
