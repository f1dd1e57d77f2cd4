package iam_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/reliableq/reliableq/localaws/iam"
)

const ownARN = "arn:aws:iam::000000000000:policy/p"

func (w *testGateway) policy(t testing.TB, name, text string) {
	t.Helper()
	if _, err := w.iam().CreatePolicy(t.Context(), &sdkiam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &text}); err != nil {
		t.Fatal(err)
	}
}

func TestPolicyInResponses_D7(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	made, err := w.iam().CreatePolicy(t.Context(), &sdkiam.CreatePolicyInput{
		PolicyName: aws.String("p"), PolicyDocument: aws.String(maySend), Description: aws.String("d"),
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})
	if err != nil {
		t.Fatal(err)
	}

	p := made.Policy
	if *p.Arn != ownARN || *p.AttachmentCount != 0 || *p.DefaultVersionId != "v1" || !p.IsAttachable || *p.Path != "/" ||
		*p.PermissionsBoundaryUsageCount != 0 || !strings.HasPrefix(*p.PolicyId, "ANPA") || p.Description != nil || p.UpdateDate == nil {
		t.Errorf("CreatePolicy returned %+v", p)
	}

	got, err := w.iam().GetPolicy(t.Context(), &sdkiam.GetPolicyInput{PolicyArn: p.Arn})
	if err != nil || *got.Policy.Description != "d" || len(got.Policy.Tags) != 1 {
		t.Errorf("GetPolicy returned %+v, %v", got, err)
	}

	v, err := w.iam().GetPolicyVersion(t.Context(), &sdkiam.GetPolicyVersionInput{PolicyArn: p.Arn, VersionId: aws.String("v1")})
	if err != nil || !v.PolicyVersion.IsDefaultVersion {
		t.Fatalf("GetPolicyVersion returned %+v, %v", v, err)
	}

	if text, _ := url.PathUnescape(*v.PolicyVersion.Document); text != maySend {
		t.Errorf("document %q", text)
	}
}

func TestErrorsOfManagedPolicies_D11(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client := t.Context(), w.iam()
	w.role(t, "r", trustsFunc, "")
	w.policy(t, "p", maySend)
	_, err := client.GetPolicy(ctx, &sdkiam.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::000000000000:policy/none")})
	refused(t, err, "NoSuchEntity", "Policy arn:aws:iam::000000000000:policy/none was not found.")
	_, err = client.GetPolicy(ctx, &sdkiam.GetPolicyInput{PolicyArn: aws.String("twenty characters at least")})
	refused(t, err, "ValidationError", "Invalid ARN:  Could not be parsed!")
	_, err = client.AttachRolePolicy(ctx, &sdkiam.AttachRolePolicyInput{RoleName: aws.String("r"),
		PolicyArn: aws.String("arn:aws:iam::000000000000:policy/none")})
	refused(t, err, "NoSuchEntity", "Policy arn:aws:iam::000000000000:policy/none does not exist or is not attachable.")
	_, err = client.CreatePolicy(ctx, &sdkiam.CreatePolicyInput{PolicyName: aws.String("P"), PolicyDocument: aws.String(maySend)})
	refused(t, err, "EntityAlreadyExists", "A policy called P already exists. Duplicate names are not allowed.")
	for range 2 { // attaching twice is not an error (LAM D12)
		if _, err = client.AttachRolePolicy(ctx, &sdkiam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String(ownARN)}); err != nil {
			t.Fatal(err)
		}
	}

	_, err = client.DeletePolicy(ctx, &sdkiam.DeletePolicyInput{PolicyArn: aws.String(ownARN)})
	refused(t, err, "DeleteConflict", "Cannot delete a policy attached to entities.")
	_, err = client.DeleteRole(ctx, &sdkiam.DeleteRoleInput{RoleName: aws.String("r")})
	refused(t, err, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	used, err := client.ListEntitiesForPolicy(ctx, &sdkiam.ListEntitiesForPolicyInput{PolicyArn: aws.String(ownARN)})
	if err != nil || len(used.PolicyRoles) != 1 || *used.PolicyRoles[0].RoleName != "r" {
		t.Errorf("entities %+v, %v", used, err)
	}

	if _, err = client.DetachRolePolicy(ctx, &sdkiam.DetachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String(ownARN)}); err != nil {
		t.Fatal(err)
	}

	_, err = client.DetachRolePolicy(ctx, &sdkiam.DetachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String(ownARN)})
	refused(t, err, "NoSuchEntity", "")
	if _, err = client.DeletePolicy(ctx, &sdkiam.DeletePolicyInput{PolicyArn: aws.String(ownARN)}); err != nil {
		t.Error(err)
	}
}

func TestPolicyVersions_D11a(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client, arn := t.Context(), w.iam(), aws.String(ownARN)
	w.policy(t, "p", maySend)
	for range 4 {
		if _, err := client.CreatePolicyVersion(ctx, &sdkiam.CreatePolicyVersionInput{PolicyArn: arn,
			PolicyDocument: aws.String(maySend), SetAsDefault: true}); err != nil {
			t.Fatal(err)
		}
	}

	_, err := client.CreatePolicyVersion(ctx, &sdkiam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(maySend)})
	refused(t, err, "LimitExceeded",
		"A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	_, err = client.DeletePolicyVersion(ctx, &sdkiam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v5")})
	refused(t, err, "DeleteConflict", "Cannot delete the default version of a policy.")
	_, err = client.DeletePolicy(ctx, &sdkiam.DeletePolicyInput{PolicyArn: arn})
	refused(t, err, "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "+
		"The default version is deleted with the policy.")
	if _, err := client.SetDefaultPolicyVersion(ctx, &sdkiam.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")}); err != nil {
		t.Fatal(err)
	}

	if _, err := client.DeletePolicyVersion(ctx, &sdkiam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v5")}); err != nil {
		t.Fatal(err)
	}

	list, err := client.ListPolicyVersions(ctx, &sdkiam.ListPolicyVersionsInput{PolicyArn: arn})
	if err != nil || len(list.Versions) != 4 || *list.Versions[0].VersionId != "v4" || !list.Versions[2].IsDefaultVersion {
		t.Errorf("versions %+v, %v", list, err)
	}

	made, err := client.CreatePolicyVersion(ctx, &sdkiam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(maySend)})
	if err != nil || *made.PolicyVersion.VersionId != "v6" || made.PolicyVersion.IsDefaultVersion {
		t.Errorf("a version number was reused: %+v, %v", made, err)
	}
}

func TestAWSManagedPoliciesCanBeAttachedButNotChanged(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client := t.Context(), w.iam()
	basic := aws.String("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
	w.role(t, "r", trustsFunc, "")
	if _, err := client.AttachRolePolicy(ctx, &sdkiam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: basic}); err != nil {
		t.Fatal(err)
	}

	list, err := client.ListAttachedRolePolicies(ctx, &sdkiam.ListAttachedRolePoliciesInput{RoleName: aws.String("r")})
	if err != nil || *list.AttachedPolicies[0].PolicyName != "AWSLambdaBasicExecutionRole" {
		t.Errorf("attached %+v, %v", list, err)
	}

	_, err = client.TagPolicy(ctx, &sdkiam.TagPolicyInput{PolicyArn: basic, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	refused(t, err, "AccessDenied", "")
	_, err = client.AttachRolePolicy(ctx, &sdkiam.AttachRolePolicyInput{RoleName: aws.String("r"),
		PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonEC2FullAccess")})
	refused(t, err, "NoSuchEntity", "")
	w.policy(t, "mine", maySend)
	ofAWS := len(iam.AWSManagedPolicies())
	for scope, want := range map[types.PolicyScopeType]int{
		types.PolicyScopeTypeLocal: 1, types.PolicyScopeTypeAws: ofAWS, types.PolicyScopeTypeAll: ofAWS + 1,
	} {
		t.Run(string(scope), func(t *testing.T) {
			list, err := client.ListPolicies(ctx, &sdkiam.ListPoliciesInput{Scope: scope})
			if err != nil || len(list.Policies) != want {
				t.Errorf("scope %s lists %d policies, %v; want %d", scope, len(list.Policies), err, want)
			}
		})
	}
}

func TestPolicyTags(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client, arn := t.Context(), w.iam(), aws.String(ownARN)
	w.policy(t, "p", maySend)
	if _, err := client.TagPolicy(ctx, &sdkiam.TagPolicyInput{PolicyArn: arn, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}); err != nil {
		t.Fatal(err)
	}

	got, err := client.ListPolicyTags(ctx, &sdkiam.ListPolicyTagsInput{PolicyArn: arn})
	if err != nil || len(got.Tags) != 1 {
		t.Errorf("tags %+v, %v", got, err)
	}

	if _, err := client.UntagPolicy(ctx, &sdkiam.UntagPolicyInput{PolicyArn: arn, TagKeys: []string{"k"}}); err != nil {
		t.Fatal(err)
	}

	if got, err = client.ListPolicyTags(ctx, &sdkiam.ListPolicyTagsInput{PolicyArn: arn}); err != nil || len(got.Tags) != 0 {
		t.Errorf("tags %+v, %v", got, err)
	}
}

func TestPoliciesAreFilteredByTheirUse(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client := t.Context(), w.iam()
	attached := "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
	bounding := "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
	w.role(t, "r", trustsFunc, "")
	if _, err := client.AttachRolePolicy(ctx, &sdkiam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: &attached}); err != nil {
		t.Fatal(err)
	}

	if _, err := client.PutRolePermissionsBoundary(ctx, &sdkiam.PutRolePermissionsBoundaryInput{
		RoleName: aws.String("r"), PermissionsBoundary: &bounding,
	}); err != nil {
		t.Fatal(err)
	}

	for _, tt := range []struct {
		usage types.PolicyUsageType
		want  []string
	}{
		{types.PolicyUsageTypePermissionsPolicy, []string{attached}},
		{types.PolicyUsageTypePermissionsBoundary, []string{bounding}},
	} {
		t.Run(string(tt.usage), func(t *testing.T) {
			list, err := client.ListPolicies(ctx, &sdkiam.ListPoliciesInput{PolicyUsageFilter: tt.usage})
			if err != nil {
				t.Fatal(err)
			}
			var arns []string
			for _, p := range list.Policies {
				arns = append(arns, *p.Arn)
			}
			if !slices.Equal(arns, tt.want) {
				t.Errorf("ListPolicies returns %q, want %q", arns, tt.want)
			}

			for _, arn := range []string{attached, bounding} {
				entities, err := client.ListEntitiesForPolicy(ctx, &sdkiam.ListEntitiesForPolicyInput{PolicyArn: &arn, PolicyUsageFilter: tt.usage})
				if err != nil {
					t.Fatal(err)
				}
				if got := len(entities.PolicyRoles) == 1; got != (arn == tt.want[0]) {
					t.Errorf("ListEntitiesForPolicy of %s returns %d roles", arn, len(entities.PolicyRoles))
				}
			}
		})
	}
}
