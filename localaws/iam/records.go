package iam

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// Tables of the store. Values are JSON.
const (
	roleTable     store.Table = "iam/role"     // key: account/name in lower case
	policyTable   store.Table = "iam/policy"   // key: account/ARN
	sessionTable  store.Table = "iam/session"  // key: access key
	operatorTable store.Table = "iam/operator" // key: account
)

// load reads back what the store holds.
func (s *Service) load() error {
	err := scan(s.opts.Store, roleTable, func(account, name string, r *role) {
		s.account(account).roles[name] = r
	})
	if err != nil {
		return err
	}
	s.bindTrust()
	err = scan(s.opts.Store, policyTable, func(account, arn string, m *managed) {
		s.account(account).policies[arn] = m
	})
	if err != nil {
		return err
	}
	return scan(s.opts.Store, sessionTable, func(key, _ string, t *session) {
		s.sessions[key] = t
	})
}

// bindTrust binds trust policies that were stored by ARN, before ids were used. One
// that names somebody who is gone stays as it is.
func (s *Service) bindTrust() {
	for _, a := range s.accounts {
		for _, r := range a.roles {
			if bound, err := s.principals().Bind(r.Trust); err == nil {
				r.Trust = bound
			}
		}
	}
}

// scan reads a table whose keys are in two parts.
func scan[T any](st *store.Store, table store.Table, take func(first, rest string, v *T)) error {
	return st.Scan(table, "", func(key string, value []byte) error {
		v := new(T)
		if err := json.Unmarshal(value, v); err != nil {
			return fmt.Errorf("%s of %s: %w", key, table, err)
		}
		first, rest, _ := strings.Cut(key, "/")
		take(first, rest, v)
		return nil
	})
}

// put writes one record into a batch.
func put(s *store.Store, b *store.Batch, table store.Table, key string, v any) error {
	if !s.Durable() {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	b.Put(table, key, raw)
	return nil
}

// change runs f under the lock with a batch for its effects, and waits until they
// last.
func (s *Service) change(f func(b *store.Batch) error) error {
	s.mu.Lock()
	b := s.opts.Store.Batch()
	err := f(b)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	commit := b.Apply()
	s.mu.Unlock()
	if err := commit.Wait(); err != nil {
		return fmt.Errorf("keep the change: %w", err)
	}
	return nil
}

func (s *Service) saveRole(b *store.Batch, account string, r *role) error {
	return put(s.opts.Store, b, roleTable, account+"/"+strings.ToLower(r.Name), r)
}

func (s *Service) savePolicy(b *store.Batch, account string, m *managed) error {
	return put(s.opts.Store, b, policyTable, account+"/"+m.ARN, m)
}

// ensureOperator reads the operator's credentials, or makes them at first start.
func (s *Service) ensureOperator() error {
	account := s.opts.Account
	var kept operator
	err := scan(s.opts.Store, operatorTable, func(of, _ string, o *operator) {
		if of == account {
			kept = *o
		}
	})
	if err != nil {
		return err
	}
	if kept.AccessKey == "" {
		kept = s.newOperator()
		if err := s.change(func(b *store.Batch) error { return put(s.opts.Store, b, operatorTable, account, kept) }); err != nil {
			return err
		}
	}
	arn := "arn:aws:iam::" + account + ":user/" + operatorName
	s.operator = awsapi.Credential{AccessKey: kept.AccessKey, Secret: kept.Secret, Caller: awsapi.Caller{
		Account: account, ARN: arn, PrincipalARN: arn, UserID: kept.UserID, AccessKey: kept.AccessKey, Administrator: true,
	}}
	s.operatorSince = kept.Created
	return nil
}
