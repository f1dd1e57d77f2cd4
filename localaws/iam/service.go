package iam

import (
	"context"
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

// Options says what the service stands on.
type Options struct {
	// Clock dates what is created.
	Clock *clock.Clock
	// Chance yields ids and secrets.
	Chance *chance.Source
	// Store keeps everything, sessions included.
	Store *store.Store
	// Account is the 12-digit account of the operator.
	Account string
	// Now is the machine's time, by which sessions end; nil means time.Now.
	Now func() time.Time
}

// Service is the embedded IAM. Its methods are safe for concurrent use.
type Service struct {
	opts     Options
	docs     policy.Cache
	operator awsapi.Credential
	// operatorSince is when the operator's credentials were made.
	operatorSince time.Time

	mu       sync.RWMutex // guards what follows
	accounts map[string]*account
	sessions map[string]*session // by access key
	prune    int                 // number of sessions at which to drop those that have ended
}

// account is one account's entities.
type account struct {
	roles    map[string]*role    // by name in lower case
	policies map[string]*managed // by ARN
}

// New makes the service, with what the store holds.
func New(o Options) (*Service, error) {
	if o.Clock == nil || o.Chance == nil || o.Store == nil || o.Account == "" {
		return nil, errors.New("iam: Clock, Chance, Store and Account must be given")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{opts: o, accounts: map[string]*account{}, sessions: map[string]*session{}, prune: 64}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("read IAM's state: %w", err)
	}
	if err := s.ensureOperator(); err != nil {
		return nil, fmt.Errorf("make the operator's credentials: %w", err)
	}
	return s, nil
}

// account gives an account's entities, with mu held for writing.
func (s *Service) account(id string) *account {
	a := s.accounts[id]
	if a == nil {
		a = &account{roles: map[string]*role{}, policies: map[string]*managed{}}
		s.accounts[id] = a
	}
	return a
}

// today is the service time in whole seconds, as IAM dates things.
func (s *Service) today() time.Time { return s.opts.Clock.Now().Truncate(time.Second) }

// API is the service's table for the gateway.
func (s *Service) API() *awsapi.Service {
	return &awsapi.Service{
		Name: "iam", QueryVersion: "2010-05-08", Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		Operations: awsapi.Table(
			op("CreateRole", s.createRole, s.onRole),
			op("GetRole", s.getRole, s.onRole),
			op("ListRoles", s.listRoles, onRoles),
			op("UpdateRole", s.updateRole, s.onRole),
			op("UpdateRoleDescription", s.updateRoleDescription, s.onRole),
			silent(op("UpdateAssumeRolePolicy", s.updateAssumeRolePolicy, s.onRole)),
			silent(op("DeleteRole", s.deleteRole, s.onRole)),
			silent(op("PutRolePermissionsBoundary", s.putBoundary, s.onRole)),
			silent(op("DeleteRolePermissionsBoundary", s.deleteBoundary, s.onRole)),
			op("ListInstanceProfilesForRole", s.listInstanceProfiles, s.onRole),
			silent(op("TagRole", s.tagRole, s.onRole)),
			silent(op("UntagRole", s.untagRole, s.onRole)),
			op("ListRoleTags", s.listRoleTags, s.onRole),
			silent(op("PutRolePolicy", s.putRolePolicy, s.onRole)),
			op("GetRolePolicy", s.getRolePolicy, s.onRole),
			silent(op("DeleteRolePolicy", s.deleteRolePolicy, s.onRole)),
			op("ListRolePolicies", s.listRolePolicies, s.onRole),
			silent(op("AttachRolePolicy", s.attachRolePolicy, s.onRole)),
			silent(op("DetachRolePolicy", s.detachRolePolicy, s.onRole)),
			op("ListAttachedRolePolicies", s.listAttachedRolePolicies, s.onRole),
			op("CreatePolicy", s.createPolicy, onPolicy),
			op("GetPolicy", s.getPolicy, onPolicy),
			op("ListPolicies", s.listPolicies, onPolicies),
			silent(op("DeletePolicy", s.deletePolicy, onPolicy)),
			op("CreatePolicyVersion", s.createPolicyVersion, onPolicy),
			op("GetPolicyVersion", s.getPolicyVersion, onPolicy),
			op("ListPolicyVersions", s.listPolicyVersions, onPolicy),
			silent(op("DeletePolicyVersion", s.deletePolicyVersion, onPolicy)),
			silent(op("SetDefaultPolicyVersion", s.setDefaultPolicyVersion, onPolicy)),
			op("ListEntitiesForPolicy", s.listEntitiesForPolicy, onPolicy),
			silent(op("TagPolicy", s.tagPolicy, onPolicy)),
			silent(op("UntagPolicy", s.untagPolicy, onPolicy)),
			op("ListPolicyTags", s.listPolicyTags, onPolicy),
			op("GetUser", s.getUser, onUser),
		),
	}
}

// op binds an operation to the ARN that its permission is asked for.
func op[In, Out any](name string, do func(context.Context, *awsapi.Call, *In) (*Out, error), target func(*awsapi.Call, any) access) awsapi.Operation {
	return awsapi.Op(name, do, func(c *awsapi.Call, in *In) []awsapi.Access {
		return permissions(name, target(c, in), in)
	})
}

// silent marks an operation without an output shape.
func silent(op awsapi.Operation) awsapi.Operation {
	op.NoOutput = true
	return op
}
