package localaws

import (
	"context"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/iam"
	"github.com/reliableq/reliableq/localaws/lambda"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
	"github.com/reliableq/reliableq/localaws/policy"
)

// sessionLife is how long the credentials of an execution role are good for, in
// machine time: the longest that IAM gives (LAM D30).
const sessionLife = 12 * time.Hour

// lambdaPrincipal is who assumes execution roles.
const lambdaPrincipal = "lambda.amazonaws.com"

// principals is the directory by which policies of queues and functions name roles
// and users. With authentication off roles need not exist, and one that does not
// is kept by its ARN.
func (s *Server) principals() policy.Directory {
	directory := s.parts.iam.Principals()
	if !s.opts.NoAuth {
		return directory
	}
	lookUp := directory.ID
	directory.ID = func(arn string) (string, bool) {
		if id, ok := lookUp(arn); ok {
			return id, true
		}
		return arn, true
	}
	return directory
}

// roles gives sessions of execution roles to functions and mappings.
type roles struct {
	iam     *iam.Service
	any     bool   // authentication is off: a role need not exist
	account string // of sessions then
}

// session assumes a role for a function, whose unqualified ARN is given: its name
// is the session's, and the ARN is what a trust policy may ask for.
func (r *roles) session(ctx context.Context, role, functionARN string) (awsapi.Credential, error) {
	by := iam.ServicePrincipal{Name: lambdaPrincipal, SourceARN: functionARN}
	got, err := r.iam.Session(ctx, role, by, functionARN[strings.LastIndexByte(functionARN, ':')+1:], sessionLife)
	if err != nil && r.any {
		operator := r.iam.Operator()
		if arn, ok := awsapi.ParseARN(role); ok {
			operator.Caller.Account = arn.Account
		}
		return operator, nil
	}
	return got, err
}

// functionRoles are roles as functions use them.
type functionRoles struct{ *roles }

// Session implements lambda.Roles.
func (r functionRoles) Session(ctx context.Context, role, functionARN string) (lambda.Session, error) {
	got, err := r.session(ctx, role, functionARN)
	if err != nil {
		return lambda.Session{}, err
	}
	return lambda.Session{
		Caller:      got.Caller,
		Credentials: sandbox.Credentials{AccessKeyID: got.AccessKey, SecretAccessKey: got.Secret, SessionToken: got.Token},
		Expires:     got.Expires,
	}, nil
}

// mappingRoles are roles as event source mappings use them.
type mappingRoles struct{ *roles }

// Session implements mapping.Roles.
func (r mappingRoles) Session(ctx context.Context, role, functionARN string) (awsapi.Caller, error) {
	got, err := r.session(ctx, role, functionARN)
	return got.Caller, err
}
