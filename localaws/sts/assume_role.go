package sts

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/iam"
)

// errValidation is STS's error for members out of bounds (LAM D31).
var errValidation = awsapi.Error{Code: "ValidationError", Status: 400}

// Limits of AssumeRole (LAM D30).
const (
	minDuration  = 900
	maxDuration  = 43200
	maxPolicy    = 2048
	maxTags      = 50
	maxPolicies  = 10
	packedBudget = 2048
)

var sessionName = regexp.MustCompile(`^[\w+=,.@-]*$`)

type tag struct {
	Key   string
	Value string
}

type policyDescriptor struct {
	Arn string `json:"arn"`
}

type assumeRoleInput struct {
	RoleArn         string
	RoleSessionName string
	DurationSeconds *int32
	ExternalId      string
	Policy          string
	PolicyArns      []policyDescriptor
	Tags            []tag
}

type credentials struct {
	AccessKeyId     string
	SecretAccessKey string
	SessionToken    string
	Expiration      awsapi.Timestamp
}

type assumedRoleUser struct {
	AssumedRoleId string
	Arn           string
}

type assumeRoleOutput struct {
	Credentials      credentials
	AssumedRoleUser  assumedRoleUser
	PackedPolicySize *int32 `json:",omitempty"`
}

func (s *Service) assumeRole(ctx context.Context, c *awsapi.Call, in *assumeRoleInput) (*assumeRoleOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	ask := iam.Assumption{
		RoleARN: in.RoleArn, Name: in.RoleSessionName, ExternalID: in.ExternalId, Policy: in.Policy, Tags: map[string]string{},
	}
	if in.DurationSeconds != nil {
		ask.Duration = time.Duration(*in.DurationSeconds) * time.Second
	}
	for _, p := range in.PolicyArns {
		ask.PolicyARNs = append(ask.PolicyARNs, p.Arn)
	}
	for _, t := range in.Tags {
		ask.Tags[t.Key] = t.Value
	}
	key, err := s.roles.AssumeRole(ctx, c, ask)
	if err != nil {
		return nil, err
	}
	return &assumeRoleOutput{
		Credentials:      credentials{key.AccessKey, key.Secret, key.Token, awsapi.Timestamp(key.Expires.Truncate(time.Second))},
		AssumedRoleUser:  assumedRoleUser{key.Caller.UserID, key.Caller.ARN},
		PackedPolicySize: in.packed(),
	}, nil
}

// check validates the members (LAM D30, D31).
func (in *assumeRoleInput) check() error {
	var failed []string
	fail := func(value, member, tail string) {
		failed = append(failed, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: Member must %s", value, member, tail))
	}
	quoted := "'" + in.RoleSessionName + "'"
	switch n := len(in.RoleSessionName); {
	case n == 0:
		fail("null", "roleSessionName", "not be null")
	case n < 2:
		fail(quoted, "roleSessionName", "have length greater than or equal to 2")
	case n > 64:
		fail(quoted, "roleSessionName", "have length less than or equal to 64")
	case !sessionName.MatchString(in.RoleSessionName):
		fail(quoted, "roleSessionName", `satisfy regular expression pattern: [\w+=,.@-]*`)
	}
	if d := in.DurationSeconds; d != nil && *d < minDuration {
		fail(fmt.Sprintf("'%d'", *d), "durationSeconds", fmt.Sprintf("have value greater than or equal to %d", minDuration))
	} else if d != nil && *d > maxDuration {
		fail(fmt.Sprintf("'%d'", *d), "durationSeconds", fmt.Sprintf("have value less than or equal to %d", maxDuration))
	}
	if len(in.Policy) > maxPolicy {
		fail("'"+in.Policy+"'", "policy", fmt.Sprintf("have length less than or equal to %d", maxPolicy))
	}
	if len(in.Tags) > maxTags || len(in.PolicyArns) > maxPolicies {
		fail("(a list)", "tags or policyArns", fmt.Sprintf("have at most %d tags and %d policies", maxTags, maxPolicies))
	}
	if len(failed) == 1 {
		return errValidation.With("%s", "1 validation error detected: "+failed[0])
	}
	if len(failed) > 1 {
		return errValidation.With("%d validation errors detected: %s", len(failed), strings.Join(failed, "; "))
	}
	return in.checkReferences()
}

// checkReferences wants ARNs of roles, and tags with distinct keys.
func (in *assumeRoleInput) checkReferences() error {
	arn, ok := awsapi.ParseARN(in.RoleArn)
	if !ok || arn.Service != "iam" || !strings.HasPrefix(arn.Resource, "role/") {
		return errValidation.With("%s is invalid", in.RoleArn)
	}
	seen := map[string]bool{}
	for _, t := range in.Tags {
		key := strings.ToLower(t.Key)
		if key == "" || len(t.Key) > 128 || len(t.Value) > 256 || strings.HasPrefix(key, "aws:") {
			return errValidation.With("The tag %q is invalid", t.Key)
		}
		if seen[key] {
			return awsapi.Error{Code: "InvalidParameterValue", Status: 400}.With("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[key] = true
	}
	return nil
}

// packed is how much of the room for policies and tags is taken, in percent; nil
// when neither was passed. AWS packs them in an unknown way; this counts bytes.
func (in *assumeRoleInput) packed() *int32 {
	size := len(in.Policy)
	for _, p := range in.PolicyArns {
		size += len(p.Arn)
	}
	for _, t := range in.Tags {
		size += len(t.Key) + len(t.Value)
	}
	if size == 0 {
		return nil
	}
	percent := int32((100*size + packedBudget - 1) / packedBudget)
	return &percent
}
