package sts

import (
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The operations themselves are tested in package iam, which has the roles.

func TestLimitsOfAssumeRole_D30(t *testing.T) {
	t.Parallel()
	number := func(n int) *int { return &n }
	const one = "1 validation error detected: "

	for _, tt := range []struct {
		name   string
		change func(in *AssumeRoleInput)
		want   string // the message, or its beginning; empty if the input is valid
	}{
		{"shortest session", func(in *AssumeRoleInput) { in.DurationSeconds = number(900) }, ""},
		{"longest session", func(in *AssumeRoleInput) { in.DurationSeconds = number(43200) }, ""},
		{"longest name", func(in *AssumeRoleInput) { in.RoleSessionName = strings.Repeat("n", 64) }, ""},
		{"no name", func(in *AssumeRoleInput) { in.RoleSessionName = "" },
			one + "Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null"},
		{"name too short", func(in *AssumeRoleInput) { in.RoleSessionName = "m" },
			one + "Value 'm' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{"name too long", func(in *AssumeRoleInput) { in.RoleSessionName = strings.Repeat("n", 65) },
			one + "Value '" + strings.Repeat("n", 65) + "' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"session too long", func(in *AssumeRoleInput) { in.DurationSeconds = number(43201) },
			one + "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200"},
		{"two members", func(in *AssumeRoleInput) { in.RoleSessionName = "m"; in.DurationSeconds = number(899) },
			"2 validation errors detected: Value 'm' at 'roleSessionName'"},
		{"policy too long", func(in *AssumeRoleInput) { in.Policy = strings.Repeat("p", 2049) }, one + "Value 'ppp"},
		{"too many policies", func(in *AssumeRoleInput) { in.PolicyARNs = make([]PolicyDescriptor, 11) },
			one + "Value of 11 entries at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10"},
		{"too many tags", func(in *AssumeRoleInput) { in.Tags = make([]awsapi.Tag, 51) },
			one + "Value of 51 entries at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"},
		{"no ARN", func(in *AssumeRoleInput) { in.RoleARN = "r" }, "r is invalid"},
		{"same key twice", func(in *AssumeRoleInput) { in.Tags = []awsapi.Tag{{Key: "a"}, {Key: "A"}} }, "Duplicate tag keys found."},
		{"reserved key", func(in *AssumeRoleInput) { in.Tags = []awsapi.Tag{{Key: "aws:a"}} }, `The tag "aws:a" is invalid`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := &AssumeRoleInput{RoleARN: "arn:aws:iam::000000000000:role/r", RoleSessionName: "me"}
			tt.change(in)
			err := in.validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(awsapi.AsError(err).Message, tt.want) {
				t.Errorf("got  %v\nwant %q", err, tt.want)
			}
		})
	}
}

func TestPackedPolicySizeIsAShareOfTheLimit(t *testing.T) {
	t.Parallel()
	in := AssumeRoleInput{Policy: strings.Repeat("p", 1024)}
	if got := in.packedSize(); got == nil || *got != 50 {
		t.Errorf("half the limit is %v, want 50", got)
	}
	if got := new(AssumeRoleInput).packedSize(); got != nil {
		t.Errorf("without policies and tags it is %d, want nil", *got)
	}
}
