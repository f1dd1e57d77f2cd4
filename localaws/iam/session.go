package iam

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// session is the record of temporary credentials of a role, in memory and in the
// store.
type session struct {
	AccessKey string
	Secret    string
	Token     string
	Expires   time.Time // machine time
	Issued    time.Time // service time
	Account   string
	RoleARN   string
	RoleID    string
	RoleName  string
	Name      string
	Policies  []string          // documents of session policies
	Tags      map[string]string // session tags
}

// credential returns the session's credential.
func (t *session) credential() awsapi.Credential {
	return awsapi.Credential{
		AccessKey: t.AccessKey,
		Secret:    t.Secret,
		Token:     t.Token,
		Expires:   t.Expires,
		Caller: awsapi.Caller{
			Account:      t.Account,
			ARN:          sessionARN(t.Account, t.RoleName, t.Name),
			UserID:       t.RoleID + ":" + t.Name,
			PrincipalARN: t.RoleARN,
			AccessKey:    t.AccessKey,
		},
	}
}

// sessionARN returns the ARN of a role's session.
func sessionARN(account, role, session string) string {
	return awsapi.Scope{Account: account}.ARN("sts", "assumed-role/"+role+"/"+session)
}

// Credential returns the credential with an access key id, and whether it exists.
// It may have expired.
func (s *Service) Credential(accessKey string) (awsapi.Credential, bool) {
	// The operator does not change after New: no lock is needed.
	if accessKey == s.operator.AccessKey {
		return s.operator, true
	}

	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.sessions[accessKey]
	if t == nil {
		return awsapi.Credential{}, false
	}
	return t.credential(), true
}

// ServicePrincipal is an AWS service that assumes a role.
type ServicePrincipal struct {
	// Name is the service's name in trust policies, such as lambda.amazonaws.com.
	Name string
	// SourceARN is aws:SourceArn: the resource on whose behalf the service assumes
	// the role, such as a function's unqualified ARN. Empty leaves the key out.
	SourceARN string
}

// Session returns new credentials of a role for an AWS service. It returns
// ErrCannotAssume if the role does not exist or does not trust the service
// (LAM C12).
func (s *Service) Session(_ context.Context, roleARN string, by ServicePrincipal, name string, d time.Duration) (awsapi.Credential, error) {
	var out awsapi.Credential
	err := s.change(func(b *store.Batch) error {
		r, account := s.roleByARN(roleARN)
		if r == nil {
			return fmt.Errorf("%s: %w", roleARN, ErrCannotAssume)
		}

		// The service calls in its own name: only the trust policy decides.
		c := &awsapi.Call{
			Caller: awsapi.Caller{
				ServicePrincipal: by.Name,
				SourceARN:        by.SourceARN,
				SourceAccount:    account,
			},
			Account: account,
			Secure:  true,
		}
		decision, err := s.decide(c, awsapi.Access{Action: "sts:AssumeRole", Resource: roleARN}, account, r.Trust, policy.Trust)
		if err != nil {
			return err
		}
		if !decision.Allowed {
			return fmt.Errorf("%s does not trust %s for %q: %w", roleARN, by.Name, by.SourceARN, ErrCannotAssume)
		}

		out, err = s.openSession(b, r, account, session{Name: name, Expires: s.opts.Now().Add(d)})
		return err
	})
	return out, err
}

// openSession adds a session of r and returns its credential, with mu held. The
// session has its name, its expiry and what narrows it; the rest is set here.
func (s *Service) openSession(b *store.Batch, r *role, account string, t session) (awsapi.Credential, error) {
	s.pruneSessions(b)

	var token [240]byte
	s.opts.Chance.Bytes(token[:])
	t.AccessKey = s.opts.Chance.ID("ASIA", 16)
	t.Secret = s.secret()
	t.Token = base64.StdEncoding.EncodeToString(token[:])

	t.Account = account
	t.RoleARN = r.ARN
	t.RoleID = r.ID
	t.RoleName = r.Name
	t.Issued = s.now()
	s.sessions[t.AccessKey] = &t
	return t.credential(), put(s.opts.Store, b, sessionTable, t.AccessKey, t)
}

// expiredSessionLife is how long an expired session is stored, so that a caller
// gets the error that it expired and not that it is unknown.
const expiredSessionLife = time.Hour

// minPrune is the least number of sessions at which expired ones are deleted.
const minPrune = 64

// pruneSessions deletes sessions that expired long ago, whenever the number of
// sessions has doubled.
func (s *Service) pruneSessions(b *store.Batch) {
	if len(s.sessions) < s.prune {
		return
	}
	before := s.opts.Now().Add(-expiredSessionLife)
	s.deleteSessions(b, func(t *session) bool { return t.Expires.Before(before) })
	s.prune = max(minPrune, 2*len(s.sessions))
}

// deleteSessions deletes the sessions for which selected returns true, with mu held.
func (s *Service) deleteSessions(b *store.Batch, selected func(*session) bool) {
	maps.DeleteFunc(s.sessions, func(key string, t *session) bool {
		if !selected(t) {
			return false
		}
		b.Delete(sessionTable, key)
		return true
	})
}
