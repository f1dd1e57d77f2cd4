package iam

import (
	"encoding/base64"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// operatorName is the name of the operator's user.
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
		Created:   s.now(),
	}
}

// secret returns a random secret access key: 40 characters, 240 bits.
func (s *Service) secret() string {
	var b [30]byte
	s.opts.Chance.Bytes(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// userARN returns the ARN of a user.
func userARN(account, name string) string {
	return awsapi.Scope{Account: account}.ARN("iam", "user/"+name)
}

// Operator returns the operator's credential. The operator is the administrator of
// the server's own account; the credential is created at first start and stored.
func (s *Service) Operator() awsapi.Credential { return s.operator }

// ensureOperator reads the operator's credentials from the store, or creates them.
func (s *Service) ensureOperator() error {
	account := s.opts.Account
	var stored operator
	err := scan(s.opts.Store, operatorTable, func(key, _ string, o *operator) {
		// The server may have run with another account before, on the same store.
		if key == account {
			stored = *o
		}
	})
	if err != nil {
		return err
	}

	// At first start there are none.
	if stored.AccessKey == "" {
		stored = s.newOperator()
		err := s.change(func(b *store.Batch) error { return put(s.opts.Store, b, operatorTable, account, stored) })
		if err != nil {
			return err
		}
	}

	arn := userARN(account, operatorName)
	s.operator = awsapi.Credential{
		AccessKey: stored.AccessKey,
		Secret:    stored.Secret,
		Caller: awsapi.Caller{
			Account:       account,
			ARN:           arn,
			PrincipalARN:  arn,
			UserID:        stored.UserID,
			AccessKey:     stored.AccessKey,
			Administrator: true,
		},
	}
	s.operatorSince = stored.Created
	return nil
}
