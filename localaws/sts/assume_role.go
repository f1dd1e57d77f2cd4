package sts

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/iam"
)

// Limits of AssumeRole (LAM D30).
const (
	minSessionName = 2 // characters
	maxSessionName = 64
	minDuration    = 900 // seconds
	maxDuration    = 43200
	maxPolicy      = 2048 // characters
	maxPolicies    = 10

	// packedBudget is the size in bytes that counts as 100 % in PackedPolicySize.
	packedBudget = 2048
)

var sessionNamePattern = awsapi.NewPattern(`[\w+=,.@-]*`)

// AssumeRoleInput is the input of AssumeRole.
type AssumeRoleInput struct {
	// RoleARN is the role. Required.
	RoleARN string `json:"RoleArn"`
	// RoleSessionName has 2 to 64 characters. Required.
	RoleSessionName string
	// DurationSeconds is 900 to 43,200; nil means 3,600.
	DurationSeconds *int
	// ExternalID is sts:ExternalId, or empty.
	ExternalID string `json:"ExternalId"`
	// Policy is a session policy as JSON, or empty.
	Policy string
	// PolicyARNs are managed policies that are session policies too.
	PolicyARNs []PolicyDescriptor `json:"PolicyArns"`
	// Tags are session tags.
	Tags []awsapi.Tag
}

// PolicyDescriptor names a managed policy.
type PolicyDescriptor struct {
	// ARN is the policy's ARN.
	ARN string `json:"arn"`
}

// Credentials are temporary credentials.
type Credentials struct {
	// AccessKeyID is ASIA….
	AccessKeyID string `json:"AccessKeyId"`
	// SecretAccessKey is the secret.
	SecretAccessKey string
	// SessionToken must be in every request that is signed with the secret.
	SessionToken string
	// Expiration is when they expire, in machine time.
	Expiration awsapi.Timestamp
}

// AssumedRoleUser is the identity of a role's session.
type AssumedRoleUser struct {
	// AssumedRoleID is AROA…:SESSION.
	AssumedRoleID string `json:"AssumedRoleId"`
	// ARN is the session's ARN.
	ARN string `json:"Arn"`
}

// AssumeRoleOutput is the output of AssumeRole.
type AssumeRoleOutput struct {
	// Credentials are those of the session.
	Credentials Credentials
	// AssumedRoleUser is the session's identity.
	AssumedRoleUser AssumedRoleUser
	// PackedPolicySize is how much of the limit policies and tags take, in percent;
	// nil without any.
	PackedPolicySize *int `json:",omitempty"`
}

// AssumeRole returns credentials of a new session of a role.
func (s *Service) AssumeRole(ctx context.Context, c *awsapi.Call, in *AssumeRoleInput) (*AssumeRoleOutput, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}

	// IAM checks the permission and makes the session.
	request := iam.Assumption{
		RoleARN:    in.RoleARN,
		Name:       in.RoleSessionName,
		ExternalID: in.ExternalID,
		Policy:     in.Policy,
		Tags:       awsapi.TagMap(in.Tags),
	}
	if in.DurationSeconds != nil { // else IAM's default
		request.Duration = time.Duration(*in.DurationSeconds) * time.Second
	}
	for _, p := range in.PolicyARNs {
		request.PolicyARNs = append(request.PolicyARNs, p.ARN)
	}

	credential, err := s.roles.AssumeRole(ctx, c, request)
	if err != nil {
		return nil, err
	}

	return &AssumeRoleOutput{
		Credentials: Credentials{
			AccessKeyID:     credential.AccessKey,
			SecretAccessKey: credential.Secret,
			SessionToken:    credential.Token,
			Expiration:      awsapi.Timestamp(credential.Expires.Truncate(time.Second)),
		},
		AssumedRoleUser: AssumedRoleUser{
			AssumedRoleID: credential.Caller.UserID,
			ARN:           credential.Caller.ARN,
		},
		PackedPolicySize: in.packedSize(),
	}, nil
}

// validate checks the members (LAM D30, D31).
func (in *AssumeRoleInput) validate() error {
	// Constraints of the model come first, and one error lists all violations.
	var v awsapi.Validation
	validateSessionName(&v, in.RoleSessionName)
	v.Between("durationSeconds", in.DurationSeconds, minDuration, maxDuration)
	v.MaxLength("policy", in.Policy, maxPolicy)
	v.MaxEntries("tags", len(in.Tags), awsapi.MaxTags)
	v.MaxEntries("policyArns", len(in.PolicyARNs), maxPolicies)
	if err := v.Err(errValidation); err != nil {
		return err
	}

	// Each of the other checks has an error of its own, and the first one is returned.
	arn, ok := awsapi.ParseARN(in.RoleARN)
	if !ok || arn.Service != "iam" || !strings.HasPrefix(arn.Resource, "role/") {
		return errValidation.With("%s is invalid", in.RoleARN)
	}
	return checkTags(in.Tags)
}

// validateSessionName reports the first constraint that the name violates.
func validateSessionName(v *awsapi.Validation, name string) {
	const member = "roleSessionName"
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		v.Required(member, name)
	case n < minSessionName:
		v.MinLength(member, name, minSessionName)
	case n > maxSessionName:
		v.MaxLength(member, name, maxSessionName)
	default:
		v.Match(member, name, sessionNamePattern)
	}
}

// checkTags checks session tags. Their keys must be distinct in any case.
func checkTags(tags []awsapi.Tag) error {
	seen := map[string]bool{} // by key in lower case

	for _, t := range tags {
		if awsapi.CheckTag(t.Key, t.Value) != awsapi.TagValid {
			return errValidation.With("The tag %q is invalid", t.Key)
		}

		key := strings.ToLower(t.Key)
		if seen[key] {
			return errInvalidParameter.With("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[key] = true
	}
	return nil
}

// packedSize returns how much of the limit for policies and tags is taken, in
// percent, rounded up; nil without any. AWS packs them by a method that is not
// documented; this counts bytes.
func (in *AssumeRoleInput) packedSize() *int {
	size := len(in.Policy)
	for _, p := range in.PolicyARNs {
		size += len(p.ARN)
	}
	for _, t := range in.Tags {
		size += len(t.Key) + len(t.Value)
	}
	if size == 0 {
		return nil
	}

	percent := (100*size + packedBudget - 1) / packedBudget
	return &percent
}
