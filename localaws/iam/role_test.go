package iam_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestRoleInResponses_D6_D9(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	longest := strings.Repeat("ä", 1000) // the limit is in characters
	made, err := w.iam().CreateRole(t.Context(), &sdkiam.CreateRoleInput{
		RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustsFunc), Path: aws.String("/team/"),
		Description: aws.String(longest), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})
	if err != nil {
		t.Fatal(err)
	}

	r := made.Role
	if *r.Arn != "arn:aws:iam::000000000000:role/team/r" || len(*r.RoleId) != 21 || !strings.HasPrefix(*r.RoleId, "AROA") ||
		r.CreateDate.Nanosecond() != 0 || r.MaxSessionDuration != nil || r.RoleLastUsed != nil || len(r.Tags) != 1 || *r.Description != longest {
		t.Errorf("CreateRole returned %+v", r)
	}

	got, err := w.iam().GetRole(t.Context(), &sdkiam.GetRoleInput{RoleName: aws.String("r")})
	if err != nil || *got.Role.MaxSessionDuration != 3600 || got.Role.RoleLastUsed == nil || len(got.Role.Tags) != 1 {
		t.Errorf("GetRole returned %+v, %v", got, err)
	}

	list, err := w.iam().ListRoles(t.Context(), &sdkiam.ListRolesInput{PathPrefix: aws.String("/team/")})
	if err != nil || len(list.Roles) != 1 || list.Roles[0].Tags != nil || list.Roles[0].RoleLastUsed != nil || *list.Roles[0].MaxSessionDuration != 3600 {
		t.Errorf("ListRoles returned %+v, %v", list, err)
	}
}

func TestDocumentsArePercentEncodedAndUnchanged_D8(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	const odd = "{ \"Version\":\"2012-10-17\",\n\"Statement\": [{\"Sid\":\"A\",\"Effect\":\"Allow\"," +
		"\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::b%2Fc+d/é\"}]}"
	w.role(t, "r", trustsFunc, odd)
	got, err := w.iam().GetRolePolicy(t.Context(), &sdkiam.GetRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("inline")})
	if err != nil {
		t.Fatal(err)
	}

	if strings.ContainsAny(*got.PolicyDocument, "{}\" +") {
		t.Errorf("document %q is not percent-encoded", *got.PolicyDocument)
	}

	if back, err := url.PathUnescape(*got.PolicyDocument); err != nil || back != odd {
		t.Errorf("the document was returned as %q, %v", back, err)
	}
}

func TestErrorsOfRoles_D11(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client := t.Context(), w.iam()
	w.role(t, "Taken", trustsFunc, maySend)
	for _, tt := range []struct {
		name          string
		call          func() error
		code, message string
	}{
		{"unknown role", func() error {
			_, err := client.GetRole(ctx, &sdkiam.GetRoleInput{RoleName: aws.String("r")})
			return err
		}, "NoSuchEntity", "The role with name r cannot be found."},
		{"name that exists in another case", func() error {
			_, err := client.CreateRole(ctx, &sdkiam.CreateRoleInput{RoleName: aws.String("taken"), AssumeRolePolicyDocument: aws.String(trustsFunc)})
			return err
		}, "EntityAlreadyExists", "Role with name taken already exists."},
		{"unknown inline policy", func() error {
			_, err := client.GetRolePolicy(ctx, &sdkiam.GetRolePolicyInput{RoleName: aws.String("Taken"), PolicyName: aws.String("p")})
			return err
		}, "NoSuchEntity", "The role policy with name p cannot be found."},
		{"deletion with an inline policy", func() error {
			_, err := client.DeleteRole(ctx, &sdkiam.DeleteRoleInput{RoleName: aws.String("Taken")})
			return err
		}, "DeleteConflict", "Cannot delete entity, must delete policies first."},
		{"malformed trust policy", func() error {
			_, err := client.CreateRole(ctx, &sdkiam.CreateRoleInput{RoleName: aws.String("x"), AssumeRolePolicyDocument: aws.String("{")})
			return err
		}, "MalformedPolicyDocument", "This policy contains invalid Json"},
		{"malformed inline policy", func() error {
			_, err := client.PutRolePolicy(ctx, &sdkiam.PutRolePolicyInput{RoleName: aws.String("Taken"), PolicyName: aws.String("p"), PolicyDocument: aws.String("{")})
			return err
		}, "MalformedPolicyDocument", "Syntax errors in policy."},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, tt.call(), tt.code, tt.message) })
	}
}

func TestLimitsOfRoles_D10(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client := t.Context(), w.iam()
	for _, tt := range []struct {
		name          string
		in            sdkiam.CreateRoleInput
		code, message string
	}{
		{"name", sdkiam.CreateRoleInput{RoleName: aws.String("a b")}, "ValidationError",
			`1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		{"long name", sdkiam.CreateRoleInput{RoleName: aws.String(strings.Repeat("r", 65))}, "ValidationError", ""},
		{"path", sdkiam.CreateRoleInput{RoleName: aws.String("r"), Path: aws.String("no-slash")}, "ValidationError", ""},
		{"description", sdkiam.CreateRoleInput{RoleName: aws.String("r"), Description: aws.String(strings.Repeat("d", 1001))}, "ValidationError", ""},
		{"longest session", sdkiam.CreateRoleInput{RoleName: aws.String("r"), MaxSessionDuration: aws.Int32(60)}, "ValidationError",
			"1 validation error detected: Value '60' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600"},
		{"boundary", sdkiam.CreateRoleInput{RoleName: aws.String("r"), PermissionsBoundary: aws.String("arn:aws:iam::000000000000:policy/none")}, "NoSuchEntity", ""},
		{"trust policy", sdkiam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(strings.Repeat(" ", 2048) + trustsFunc)}, "LimitExceeded", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.in.AssumeRolePolicyDocument == nil {
				tt.in.AssumeRolePolicyDocument = aws.String(trustsFunc)
			}
			_, err := client.CreateRole(ctx, &tt.in)
			refused(t, err, tt.code, tt.message)
		})
	}

	w.role(t, "r", trustsFunc, "")
	long := strings.Replace(maySend, ":q", ":"+strings.Repeat("q", 10200), 1)
	_, err := client.PutRolePolicy(ctx, &sdkiam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"), PolicyDocument: &long})
	refused(t, err, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role r")
}

func TestRoleIsUpdated(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client, name := t.Context(), w.iam(), aws.String("r")
	w.role(t, "r", trustsFunc, "")
	if _, err := client.UpdateRole(ctx, &sdkiam.UpdateRoleInput{RoleName: name, Description: aws.String("d"), MaxSessionDuration: aws.Int32(7200)}); err != nil {
		t.Fatal(err)
	}

	if _, err := client.UpdateAssumeRolePolicy(ctx, &sdkiam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: aws.String(trustsAll)}); err != nil {
		t.Fatal(err)
	}

	if _, err := client.PutRolePermissionsBoundary(ctx, &sdkiam.PutRolePermissionsBoundaryInput{
		RoleName: name, PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/AmazonSQSFullAccess")}); err != nil {
		t.Fatal(err)
	}

	got, err := client.GetRole(ctx, &sdkiam.GetRoleInput{RoleName: name})
	if err != nil {
		t.Fatal(err)
	}

	trust, _ := url.PathUnescape(*got.Role.AssumeRolePolicyDocument)
	if *got.Role.Description != "d" || *got.Role.MaxSessionDuration != 7200 || trust != trustsAll ||
		got.Role.PermissionsBoundary.PermissionsBoundaryType != "PermissionsBoundaryPolicy" {
		t.Errorf("the role is %+v", got.Role)
	}

	if _, err := client.DeleteRolePermissionsBoundary(ctx, &sdkiam.DeleteRolePermissionsBoundaryInput{RoleName: name}); err != nil {
		t.Fatal(err)
	}

	if got, err = client.GetRole(ctx, &sdkiam.GetRoleInput{RoleName: name}); err != nil || got.Role.PermissionsBoundary != nil {
		t.Errorf("the role still has the boundary: %+v, %v", got, err)
	}
}

func TestRoleTags(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client, name := t.Context(), w.iam(), aws.String("r")
	w.role(t, "r", trustsFunc, "")
	tags := []types.Tag{{Key: aws.String("Team"), Value: aws.String("a")}, {Key: aws.String("b"), Value: aws.String("")}}
	if _, err := client.TagRole(ctx, &sdkiam.TagRoleInput{RoleName: name, Tags: tags}); err != nil {
		t.Fatal(err)
	}

	if _, err := client.TagRole(ctx, &sdkiam.TagRoleInput{RoleName: name, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("z")}}}); err != nil {
		t.Fatal(err)
	}

	if _, err := client.UntagRole(ctx, &sdkiam.UntagRoleInput{RoleName: name, TagKeys: []string{"B"}}); err != nil {
		t.Fatal(err)
	}

	got, err := client.ListRoleTags(ctx, &sdkiam.ListRoleTagsInput{RoleName: name})
	if err != nil || len(got.Tags) != 1 || *got.Tags[0].Key != "team" || *got.Tags[0].Value != "z" {
		t.Errorf("tags %+v, %v; want only team=z: the keys differ only in case", got, err)
	}

	_, err = client.TagRole(ctx, &sdkiam.TagRoleInput{RoleName: name, Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}})
	refused(t, err, "InvalidInput", "")
}

func TestTerraformDeletesARole_D5(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client, name := t.Context(), w.iam(), aws.String("r")
	w.role(t, "r", trustsFunc, "")
	profiles, err := client.ListInstanceProfilesForRole(ctx, &sdkiam.ListInstanceProfilesForRoleInput{RoleName: name})
	if err != nil || len(profiles.InstanceProfiles) != 0 || profiles.IsTruncated {
		t.Errorf("instance profiles %+v, %v", profiles, err)
	}

	attached, err := client.ListAttachedRolePolicies(ctx, &sdkiam.ListAttachedRolePoliciesInput{RoleName: name})
	if err != nil || len(attached.AttachedPolicies) != 0 {
		t.Errorf("attached %+v, %v", attached, err)
	}

	inline, err := client.ListRolePolicies(ctx, &sdkiam.ListRolePoliciesInput{RoleName: name})
	if err != nil || len(inline.PolicyNames) != 0 {
		t.Errorf("inline %+v, %v", inline, err)
	}

	if _, err := client.DeleteRole(ctx, &sdkiam.DeleteRoleInput{RoleName: name}); err != nil {
		t.Error(err)
	}

	_, err = client.DeleteRole(ctx, &sdkiam.DeleteRoleInput{RoleName: name})
	refused(t, err, "NoSuchEntity", "The role with name r cannot be found.")
}

func TestListsHavePages(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	want := []string{"a", "b", "c", "d", "e"}
	for _, name := range want {
		w.role(t, name, trustsFunc, "")
	}

	var got []string
	pages := sdkiam.NewListRolesPaginator(w.iam(), &sdkiam.ListRolesInput{MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Roles) > 2 {
			t.Errorf("a page has %d roles, want at most 2", len(page.Roles))
		}
		for _, r := range page.Roles {
			got = append(got, *r.RoleName)
		}
	}

	if strings.Join(got, "") != "abcde" {
		t.Errorf("pages have %q", got)
	}

	_, err := w.iam().ListRoles(t.Context(), &sdkiam.ListRolesInput{Marker: aws.String("!")})
	refused(t, err, "InvalidInput", "Invalid Marker.")
}

func TestGetUserReturnsTheOperator(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	got, err := w.iam().GetUser(t.Context(), &sdkiam.GetUserInput{})
	if err != nil || *got.User.Arn != "arn:aws:iam::000000000000:user/operator" || !strings.HasPrefix(*got.User.UserId, "AIDA") {
		t.Errorf("user %+v, %v", got, err)
	}

	_, err = w.iam().GetUser(t.Context(), &sdkiam.GetUserInput{UserName: aws.String("u")})
	refused(t, err, "NoSuchEntity", "The user with name u cannot be found.")
}
