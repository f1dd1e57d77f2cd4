package iam

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/reliableq/reliableq/localaws/store"
)

// The tables of the store. Values are JSON: the records role, managedPolicy,
// session and operator.
const (
	roleTable     store.Table = "iam/role"     // ACCOUNT/NAME, the name in lower case
	policyTable   store.Table = "iam/policy"   // ACCOUNT/ARN
	sessionTable  store.Table = "iam/session"  // ACCESS KEY
	operatorTable store.Table = "iam/operator" // ACCOUNT
)

// load reads the state from the store.
func (s *Service) load() error {
	err := scan(s.opts.Store, roleTable, func(account, name string, r *role) {
		s.account(account).roles[name] = r
	})
	if err != nil {
		return err
	}
	s.bindTrust() // needs all roles

	err = scan(s.opts.Store, policyTable, func(account, arn string, m *managedPolicy) {
		s.account(account).policies[arn] = m
	})
	if err != nil {
		return err
	}
	return scan(s.opts.Store, sessionTable, func(key, _ string, t *session) {
		s.sessions[key] = t
	})
}

// bindTrust replaces ARNs by unique ids in trust policies that were stored before
// ids were used. A policy that names a principal that does not exist stays as it is.
func (s *Service) bindTrust() {
	for _, a := range s.accounts {
		for _, r := range a.roles {
			if bound, err := s.principals().WithIDs(r.Trust); err == nil {
				r.Trust = bound
			}
		}
	}
}

// scan calls take with each record of a table. A key is split at its first slash.
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

// put adds one record to a batch.
func put(s *store.Store, b *store.Batch, table store.Table, key string, v any) error {
	// A store in memory keeps no records: do not encode any.
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

// change calls f with the lock held and a batch for what must be stored, and waits
// until that is durable. If f fails nothing is stored, and f must have changed
// nothing in memory.
func (s *Service) change(f func(b *store.Batch) error) error {
	commit, err := s.changeLocked(f)
	if err != nil {
		return err
	}
	// The lock is released: other calls go on while this one waits for the disk.
	if err := commit.Wait(); err != nil {
		return fmt.Errorf("store the change: %w", err)
	}
	return nil
}

func (s *Service) changeLocked(f func(b *store.Batch) error) (store.Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	b := s.opts.Store.Batch()
	if err := f(b); err != nil {
		return store.Commit{}, err
	}
	// Applied with the lock held, so that the store has the order of memory.
	return b.Apply(), nil
}

func (s *Service) saveRole(b *store.Batch, account string, r *role) error {
	return put(s.opts.Store, b, roleTable, account+"/"+strings.ToLower(r.Name), r)
}

func (s *Service) savePolicy(b *store.Batch, account string, m *managedPolicy) error {
	return put(s.opts.Store, b, policyTable, account+"/"+m.ARN, m)
}
