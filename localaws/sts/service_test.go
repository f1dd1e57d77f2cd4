package sts

import (
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// STS's answers over the wire are tested in package iam, which holds the roles.

func TestD30BoundsOfMembers(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::000000000000:role/r"
	number := func(n int32) *int32 { return &n }
	for _, tt := range []struct {
		in   assumeRoleInput
		want string // part of the message; empty for none
	}{
		{assumeRoleInput{RoleArn: arn, RoleSessionName: "me", DurationSeconds: number(900)}, ""},
		{assumeRoleInput{RoleArn: arn, RoleSessionName: strings.Repeat("n", 64), DurationSeconds: number(43200)}, ""},
		{assumeRoleInput{RoleArn: arn}, "Value null at 'roleSessionName'"},
		{assumeRoleInput{RoleArn: arn, RoleSessionName: "m"}, "length greater than or equal to 2"},
		{assumeRoleInput{RoleArn: arn, RoleSessionName: strings.Repeat("n", 65)}, "length less than or equal to 64"},
		{assumeRoleInput{RoleArn: arn, RoleSessionName: "me", DurationSeconds: number(43201)}, "value less than or equal to 43200"},
		{assumeRoleInput{RoleArn: arn, RoleSessionName: "m", DurationSeconds: number(899)}, "2 validation errors detected"},
		{assumeRoleInput{RoleArn: arn, RoleSessionName: "me", Policy: strings.Repeat("p", 2049)}, "'policy'"},
		{assumeRoleInput{RoleArn: "r", RoleSessionName: "me"}, "r is invalid"},
		{assumeRoleInput{RoleArn: arn, RoleSessionName: "me", Tags: []tag{{"a", ""}, {"A", ""}}}, "Duplicate tag keys"},
		{assumeRoleInput{RoleArn: arn, RoleSessionName: "me", Tags: []tag{{"aws:a", ""}}}, "is invalid"},
		{assumeRoleInput{RoleArn: arn, RoleSessionName: "me", PolicyArns: make([]policyDescriptor, 11)}, "at most"},
	} {
		err := tt.in.check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(awsapi.AsError(err).Message, tt.want) {
			t.Errorf("%+v: %v, want %q", tt.in, err, tt.want)
		}
	}
}

func TestPackedSizeIsAShareOfTheRoom(t *testing.T) {
	t.Parallel()
	in := assumeRoleInput{Policy: strings.Repeat("p", 1024)}
	if got := in.packed(); got == nil || *got != 50 {
		t.Errorf("half the room is %v", got)
	}
	if got := new(assumeRoleInput).packed(); got != nil {
		t.Errorf("nothing takes %d %%", *got)
	}
}
