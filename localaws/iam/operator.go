package iam

import (
	"context"
	"encoding/base64"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// operatorName is the user that the operator's credentials belong to.
const operatorName = "operator"

// operator is the record of the operator's credentials.
type operator struct {
	AccessKey string
	Secret    string
	UserID    string
	Created   time.Time
}

func (s *Service) newOperator() operator {
	return operator{
		AccessKey: s.opts.Chance.ID("AKIA", 16),
		Secret:    s.secret(),
		UserID:    s.opts.Chance.ID("AIDA", 17),
		Created:   s.today(),
	}
}

// secret yields a secret access key: 40 characters, 240 bits.
func (s *Service) secret() string {
	var b [30]byte
	s.opts.Chance.Bytes(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// Operator is the operator's credential: an administrator of the server's own
// account, made at first start and kept in the store.
func (s *Service) Operator() awsapi.Credential { return s.operator }

// user is a user as the wire has it.
type user struct {
	Path       string
	UserName   string
	UserId     string
	Arn        string
	CreateDate awsapi.Timestamp
}

type getUserInput struct{ UserName string }

func (in *getUserInput) userName() string { return in.UserName }

type getUserOutput struct{ User user }

// getUser knows the operator alone: the embedded IAM makes no other users.
func (s *Service) getUser(_ context.Context, c *awsapi.Call, in *getUserInput) (*getUserOutput, error) {
	name := in.UserName
	if name == "" {
		if c.Caller.ARN != s.operator.Caller.ARN {
			return nil, errValidation.With("Must specify userName when calling with non-User credentials")
		}
		name = operatorName
	}
	if name != operatorName || c.Account != s.opts.Account {
		return nil, errNoSuchEntity.With("The user with name %s cannot be found.", name)
	}
	return &getUserOutput{User: user{
		Path: "/", UserName: name, UserId: s.operator.Caller.UserID, Arn: s.operator.Caller.ARN,
		CreateDate: awsapi.Timestamp(s.operatorSince),
	}}, nil
}
