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
	"github.com/reliableq/reliableq/localaws/sqs"
)

// sessionDuration is how long the credentials of an execution role are valid, in
// machine time: the longest that IAM permits (LAM D30).
const sessionDuration = 12 * time.Hour

// lambdaPrincipal is the service that assumes execution roles.
const lambdaPrincipal = "lambda.amazonaws.com"

// principals returns the directory in which policies of queues and functions look up
// roles and users. With authentication off a policy may name a role that does not exist.
// Its ARN then stands in place of its id.
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

// roles creates sessions of execution roles for functions and mappings.
type roles struct {
	iam    *iam.Service
	noAuth bool // authentication is off: a role need not exist
}

// session assumes a role for the function with an unqualified ARN. The session has
// the function's name, and a trust policy can require the ARN.
func (r *roles) session(ctx context.Context, role, functionARN string) (awsapi.Credential, error) {
	by := iam.ServicePrincipal{Name: lambdaPrincipal, SourceARN: functionARN}
	name := functionARN[strings.LastIndexByte(functionARN, ':')+1:]
	got, err := r.iam.Session(ctx, role, by, name, sessionDuration)
	if err != nil && r.noAuth {
		// No policy is evaluated, so that any valid credentials will do.
		operator := r.iam.Operator()
		if arn, ok := awsapi.ParseARN(role); ok {
			operator.Caller.Account = arn.Account
		}
		return operator, nil
	}
	return got, err
}

// functionRoles are roles in the types of functions.
type functionRoles struct{ *roles }

// Session implements lambda.Roles.
func (r functionRoles) Session(ctx context.Context, role, functionARN string) (lambda.Session, error) {
	got, err := r.session(ctx, role, functionARN)
	if err != nil {
		return lambda.Session{}, err
	}
	return lambda.Session{
		Caller: got.Caller,
		Credentials: sandbox.Credentials{
			AccessKeyID:     got.AccessKey,
			SecretAccessKey: got.Secret,
			SessionToken:    got.Token,
		},
		Expires: got.Expires,
	}, nil
}

// mappingRoles are roles in the types of event source mappings.
type mappingRoles struct{ *roles }

// Session implements mapping.Roles.
func (r mappingRoles) Session(ctx context.Context, role, functionARN string) (awsapi.Caller, error) {
	got, err := r.session(ctx, role, functionARN)
	return got.Caller, err
}

// authorize checks one permission of a call that the server makes on behalf of a
// caller.
func (s *Server) authorize(ctx context.Context, c *awsapi.Call, need awsapi.Access) error {
	d := s.parts.dispatcher
	if d.Authorize == nil {
		return nil
	}
	return d.Authorize(ctx, c, need)
}

// permit checks one permission of a function's role for Lambda. For a queue, the
// queue's policy, tags and key count as they do when a message is sent.
func (s *Server) permit(ctx context.Context, as awsapi.Caller, region string, need awsapi.Access) error {
	c := s.newCall(as, as.Account, region)
	if need.Action != "sqs:SendMessage" {
		return s.authorize(ctx, c, need)
	}

	arn, ok := awsapi.ParseARN(need.Resource)
	if !ok {
		return s.authorize(ctx, c, need)
	}

	// The same check as for a call of SendMessage.
	c.Account = arn.Account
	c.Region = arn.Region
	d := s.parts.dispatcher
	op := d.Services["sqs"].Operations["SendMessage"]
	url := c.Endpoint + "/" + arn.Account + "/" + arn.Resource
	return d.Allow(ctx, c, &op, &sqs.SendMessageInput{QueueURL: url})
}
