package iam

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// session is the record of temporary credentials of a role.
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
	Policies  []string          // texts that narrow it
	Tags      map[string]string // session tags
}

// credential is the session as the gateway and its holder see it.
func (t *session) credential() awsapi.Credential {
	return awsapi.Credential{
		AccessKey: t.AccessKey, Secret: t.Secret, Token: t.Token, Expires: t.Expires,
		Caller: awsapi.Caller{
			Account: t.Account, ARN: "arn:aws:sts::" + t.Account + ":assumed-role/" + t.RoleName + "/" + t.Name,
			UserID: t.RoleID + ":" + t.Name, PrincipalARN: t.RoleARN, AccessKey: t.AccessKey,
		},
	}
}

// Credential finds what an access key id stands for.
func (s *Service) Credential(accessKey string) (awsapi.Credential, bool) {
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
	// Name is what trust policies name, such as lambda.amazonaws.com.
	Name string
	// SourceARN is aws:SourceArn: the resource for which the service asks, such as
	// a function's unqualified ARN. Empty leaves the key out.
	SourceARN string
}

// Session gives an AWS service credentials of a role. It answers ErrCannotAssume
// when the role is not there or does not trust the service (LAM C12).
func (s *Service) Session(_ context.Context, roleARN string, by ServicePrincipal, name string, d time.Duration) (awsapi.Credential, error) {
	var out awsapi.Credential
	err := s.change(func(b *store.Batch) error {
		r, account := s.roleByARN(roleARN)
		if r == nil {
			return fmt.Errorf("%s: %w", roleARN, ErrCannotAssume)
		}
		c := &awsapi.Call{
			Caller:  awsapi.Caller{ServicePrincipal: by.Name, SourceARN: by.SourceARN, SourceAccount: account},
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
		out, err = s.open(b, r, account, session{Name: name, Expires: s.opts.Now().Add(d)})
		return err
	})
	return out, err
}

// roleByARN finds a role and its account, with mu held.
func (s *Service) roleByARN(arn string) (*role, string) {
	a, ok := awsapi.ParseARN(arn)
	if !ok || a.Service != "iam" || s.accounts[a.Account] == nil {
		return nil, ""
	}
	name := a.Resource[strings.LastIndexByte(a.Resource, '/')+1:]
	r := s.accounts[a.Account].roles[strings.ToLower(name)]
	if r == nil || r.ARN != arn {
		return nil, ""
	}
	return r, a.Account
}

// open makes a session of r, with mu held.
func (s *Service) open(b *store.Batch, r *role, account string, t session) (awsapi.Credential, error) {
	s.pruneSessions(b)
	var token [240]byte
	s.opts.Chance.Bytes(token[:])
	t.AccessKey, t.Secret, t.Token = s.opts.Chance.ID("ASIA", 16), s.secret(), base64.StdEncoding.EncodeToString(token[:])
	t.Account, t.RoleARN, t.RoleID, t.RoleName = account, r.ARN, r.ID, r.Name
	t.Issued = s.today()
	s.sessions[t.AccessKey] = &t
	return t.credential(), put(s.opts.Store, b, sessionTable, t.AccessKey, t)
}

// lapsed is how long an ended session is remembered, so that its holder hears
// that it expired and not that it never was.
const lapsed = time.Hour

// pruneSessions drops sessions that ended a while ago, whenever their number has
// doubled.
func (s *Service) pruneSessions(b *store.Batch) {
	if len(s.sessions) < s.prune {
		return
	}
	before := s.opts.Now().Add(-lapsed)
	s.dropSessions(b, func(t *session) bool { return t.Expires.Before(before) })
	s.prune = max(64, 2*len(s.sessions))
}

func (s *Service) dropSessions(b *store.Batch, gone func(*session) bool) {
	maps.DeleteFunc(s.sessions, func(key string, t *session) bool {
		if !gone(t) {
			return false
		}
		b.Delete(sessionTable, key)
		return true
	})
}
