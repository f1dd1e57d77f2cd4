package iam

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// Options configure a Service. Clock, Chance, Store and Account are required.
type Options struct {
	// Clock is service time, for dates of creation.
	Clock *clock.Clock
	// Chance is the random source of ids and secrets.
	Chance *chance.Source
	// Store holds all state, including sessions.
	Store *store.Store
	// Account is the 12-digit account of the operator.
	Account string
	// Now returns machine time, by which sessions expire; nil means time.Now.
	Now func() time.Time
}

// Service is the embedded IAM. Its methods are safe for concurrent use.
type Service struct {
	opts     Options
	docs     policy.Cache
	operator awsapi.Credential
	// operatorSince is when the operator's credentials were created.
	operatorSince time.Time

	mu       sync.RWMutex // guards what follows
	accounts map[string]*account
	sessions map[string]*session // by access key
	prune    int                 // number of sessions at which to delete expired ones
}

// account holds the roles and policies of one account.
type account struct {
	roles    map[string]*role          // by name in lower case
	policies map[string]*managedPolicy // by ARN
}

// New returns a service with the state in the store.
func New(o Options) (*Service, error) {
	if o.Clock == nil || o.Chance == nil || o.Store == nil || o.Account == "" {
		return nil, errors.New("iam: Clock, Chance, Store and Account must be given")
	}
	if o.Now == nil {
		o.Now = time.Now
	}

	s := &Service{
		opts:     o,
		accounts: map[string]*account{},
		sessions: map[string]*session{},
		prune:    minPrune,
	}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("read IAM's state: %w", err)
	}
	if err := s.ensureOperator(); err != nil {
		return nil, fmt.Errorf("create the operator's credentials: %w", err)
	}
	return s, nil
}

// Reset deletes the roles and policies of an account, and the sessions of its
// roles; an empty account stands for all. The operator's credentials and AWS's
// managed policies stay.
func (s *Service) Reset(account string) error {
	return s.change(func(b *store.Batch) error {
		for id, a := range s.accounts {
			if account != "" && id != account {
				continue
			}

			for name := range a.roles {
				b.Delete(roleTable, id+"/"+name)
			}
			for arn := range a.policies {
				b.Delete(policyTable, id+"/"+arn)
			}
			delete(s.accounts, id)
		}

		s.deleteSessions(b, func(t *session) bool { return account == "" || t.Account == account })
		return nil
	})
}

// account returns the roles and policies of an account, with mu held for writing.
func (s *Service) account(id string) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{roles: map[string]*role{}, policies: map[string]*managedPolicy{}}
		s.accounts[id] = a
	}
	return a
}

// now returns service time in whole seconds, the precision of IAM's dates.
func (s *Service) now() time.Time { return s.opts.Clock.Now().Truncate(time.Second) }
