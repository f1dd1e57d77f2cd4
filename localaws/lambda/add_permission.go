package lambda

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

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

// AddPermission adds a statement to the resource policy of a function, version or alias
// (LAM C29, C30).
func (s *Service) AddPermission(_ context.Context, c *awsapi.Call, in *AddPermissionInput) (*AddPermissionOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}

	var out AddPermissionOutput
	err := s.changePolicy(c, in.FunctionName, in.Qualifier, in.RevisionID, func(f *function, ref reference, p *policy) error {
		// The stored statement names a role or user by its unique id.
		st, err := s.newStatement(in, ref)
		if err != nil {
			return err
		}

		if slices.ContainsFunc(p.Statements, func(o statement) bool { return o.Sid == st.Sid }) {
			return errConflict.With("The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", st.Sid)
		}

		p.Statements = append(p.Statements, st)

		// The limit applies to the policy as it is stored.
		if len(p.document()) > maxPolicy {
			return errPolicyLength.With("The final policy size (%d) is bigger than the limit (%d).", len(p.document()), maxPolicy)
		}

		// The response names the principal as the request does.
		shown, err := in.statement(ref, in.Principal)
		if err != nil {
			return err
		}

		b, _ := json.Marshal(shown) // strings and raw JSON of our own always encode
		out.Statement = string(b)
		return nil
	})
	if err != nil {
		return nil, err
	}

	return &out, nil
}

func (in *AddPermissionInput) check() error {
	var check awsapi.Validation
	check.Required("statementId", in.StatementID)
	check.Required("action", in.Action)
	check.Required("principal", in.Principal)
	check.Match("statementId", in.StatementID, statementPattern)
	check.MaxLength("statementId", in.StatementID, 100)
	check.Match("action", in.Action, actionPattern)
	check.Match("principal", in.Principal, principalPattern)
	check.Match("sourceArn", in.SourceArn, arnPattern)
	check.Match("sourceAccount", in.SourceAccount, accountPattern)
	check.Match("principalOrgID", in.PrincipalOrgID, orgPattern)
	if err := check.Err(errValidation); err != nil {
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
