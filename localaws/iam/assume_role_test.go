package iam_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"
	sdksts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/iam"
)

func assume(role string) *sdksts.AssumeRoleInput {
	return &sdksts.AssumeRoleInput{RoleArn: aws.String(arnOf(role)), RoleSessionName: aws.String("me")}
}

// as returns the configuration of a session.
func (w *testGateway) as(c *types.Credentials) aws.Config {
	return w.configAs(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func TestTrustPolicyCanRequireASourceFunction(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	const function = "arn:aws:lambda:us-east-1:000000000000:function:f"
	w.role(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole",
		"Condition":{"ArnEquals":{"aws:SourceArn":"`+function+`"},"StringEquals":{"aws:SourceAccount":"000000000000"}}}]}`, "")
	for source, want := range map[string]bool{function: true, function + "2": false, "": false} {
		t.Run("source "+source, func(t *testing.T) {
			_, err := w.Session(t.Context(), arnOf("r"), iam.ServicePrincipal{Name: "lambda.amazonaws.com", SourceARN: source}, "f", time.Hour)
			if got := !errors.Is(err, iam.ErrCannotAssume); got != want {
				t.Errorf("for %q: assumed is %v, want %v (%v)", source, got, want, err)
			}
		})
	}
}

func TestGetCallerIdentityOfOperatorAndSession_D29(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsAll, "")
	me, err := w.sts().GetCallerIdentity(t.Context(), &sdksts.GetCallerIdentityInput{})
	if err != nil || *me.Account != account || *me.Arn != "arn:aws:iam::000000000000:user/operator" || !strings.HasPrefix(*me.UserId, "AIDA") {
		t.Errorf("the operator is %+v, %v", me, err)
	}

	out, err := w.sts().AssumeRole(t.Context(), assume("r"))
	if err != nil {
		t.Fatal(err)
	}

	// A role without any policy may call it too.
	me, err = sdksts.NewFromConfig(w.as(out.Credentials)).GetCallerIdentity(t.Context(), &sdksts.GetCallerIdentityInput{})
	if err != nil || *me.Arn != "arn:aws:sts::000000000000:assumed-role/r/me" || !strings.HasPrefix(*me.UserId,
		"AROA") || !strings.HasSuffix(*me.UserId, ":me") {
		t.Errorf("the session is %+v, %v", me, err)
	}
}

func TestAssumeRoleResponse_D30(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsAll, "")
	out, err := w.sts().AssumeRole(t.Context(), assume("r"))
	if err != nil {
		t.Fatal(err)
	}

	c := out.Credentials
	if len(*c.AccessKeyId) != 20 || !strings.HasPrefix(*c.AccessKeyId, "ASIA") || len(*c.SecretAccessKey) != 40 || *c.SessionToken == "" {
		t.Errorf("credentials %+v", c)
	}

	if left := c.Expiration.Sub(w.now); left < 59*time.Minute || left > time.Hour {
		t.Errorf("they are valid for %s, want an hour", left)
	}

	if *out.AssumedRoleUser.Arn != "arn:aws:sts::000000000000:assumed-role/r/me" || !strings.HasSuffix(*out.AssumedRoleUser.AssumedRoleId, ":me") {
		t.Errorf("user %+v", out.AssumedRoleUser)
	}

	//lint:ignore SA1019 older clients read it
	if out.PackedPolicySize != nil {
		t.Error("a packed size without a policy")
	}

	in := assume("r")
	in.Policy = aws.String(maySend)
	//lint:ignore SA1019 as above
	if out, err = w.sts().AssumeRole(t.Context(), in); err != nil || out.PackedPolicySize == nil {
		t.Errorf("with a policy: %+v, %v", out, err)
	}
}

func TestAssumeRoleErrors_D31(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "people", trustsAll, "")
	w.role(t, "functions", trustsFunc, "")
	denied := "User: arn:aws:iam::000000000000:user/operator is not authorized to perform: sts:AssumeRole on resource: "
	for _, tt := range []struct {
		name          string
		change        func(in *sdksts.AssumeRoleInput)
		code, message string
	}{
		{"no such role", func(in *sdksts.AssumeRoleInput) { in.RoleArn = aws.String(arnOf("none")) }, "AccessDenied", denied + arnOf("none")},
		{"role for functions", func(in *sdksts.AssumeRoleInput) { in.RoleArn = aws.String(arnOf("functions")) }, "AccessDenied", denied + arnOf("functions")},
		{"not a role", func(in *sdksts.AssumeRoleInput) { in.RoleArn = aws.String("arn:aws:iam::0:user/u-long-enough") }, "ValidationError",
			"arn:aws:iam::0:user/u-long-enough is invalid"},
		{"name of the session", func(in *sdksts.AssumeRoleInput) { in.RoleSessionName = aws.String("a:b") }, "ValidationError",
			`1 validation error detected: Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{"longer than the role allows", func(in *sdksts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(7200) }, "ValidationError",
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		{"too short", func(in *sdksts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(60) }, "ValidationError", ""},
		{"malformed policy", func(in *sdksts.AssumeRoleInput) { in.Policy = aws.String("{") }, "MalformedPolicyDocument", "Syntax errors in policy."},
		{"unsupported parameter", func(in *sdksts.AssumeRoleInput) { in.SourceIdentity = aws.String("me") }, "ValidationError",
			"The embedded AWS does not support the parameter SourceIdentity of AssumeRole."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := assume("people")
			tt.change(in)
			_, err := w.sts().AssumeRole(t.Context(), in)
			refused(t, err, tt.code, tt.message)
		})
	}

	_, err := w.sts().GetSessionToken(t.Context(), &sdksts.GetSessionTokenInput{})
	refused(t, err, "InvalidAction", "The embedded AWS does not have the operation GetSessionToken of sts.")
}

func TestTrustOfTheAccountNeedsAnIdentityPolicyToo_D16(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "target", trustsAll, "")
	w.role(t, "without", trustsFunc, "")
	w.role(t, "named", strings.Replace(trustsAll, "arn:aws:iam::000000000000:root", arnOf("without"), 1), "")
	w.role(t, "with", trustsFunc, `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"`+arnOf("target")+`"}}`)
	for _, tt := range []struct {
		caller, target string
		want           bool
	}{{"without", "target", false}, {"with", "target", true}, {"without", "named", true}, {"with", "named", false}} {
		t.Run(tt.caller+" assumes "+tt.target, func(t *testing.T) {
			key, err := w.Session(t.Context(), arnOf(tt.caller), lambdaService, "fn", time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			_, err = sdksts.NewFromConfig(w.configAs(key.AccessKey, key.Secret, key.Token)).AssumeRole(t.Context(), assume(tt.target))
			if (err == nil) != tt.want {
				t.Errorf("%s assumes %s: %v, want success %v", tt.caller, tt.target, err, tt.want)
			}
		})
	}
}

func TestSessionPolicyLimitsASession(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsAll, `{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}`)
	in := assume("r")
	in.Policy = aws.String(maySend)
	in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")}}
	out, err := w.sts().AssumeRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}

	key, _ := w.Credential(*out.Credentials.AccessKeyId)
	c := &awsapi.Call{Caller: key.Caller, Account: account}
	for action, want := range map[string]bool{"sqs:SendMessage": true, "sqs:GetQueueUrl": true, "sqs:DeleteMessage": false} {
		t.Run(action, func(t *testing.T) {
			err := w.Authorize(t.Context(), c, awsapi.Access{Action: action, Resource: queue})
			if (err == nil) != want {
				t.Errorf("%s: %v, want allowed %v", action, err, want)
			}
		})
	}
}

func TestSessionTagsNeedTagSessionAndBecomePrincipalTags(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "strict", trustsAll, "")
	w.role(t, "r", strings.Replace(trustsAll, `"sts:AssumeRole"`, `["sts:AssumeRole","sts:TagSession"]`, 1),
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:*:${aws:PrincipalTag/team}"}}`)
	in := assume("strict")
	in.Tags = []types.Tag{{Key: aws.String("Team"), Value: aws.String("q")}}
	_, err := w.sts().AssumeRole(t.Context(), in)
	refused(t, err, "AccessDenied", "User: arn:aws:iam::000000000000:user/operator is not authorized to perform: sts:TagSession on resource: "+arnOf("strict"))
	in.RoleArn = aws.String(arnOf("r"))
	out, err := w.sts().AssumeRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}

	key, _ := w.Credential(*out.Credentials.AccessKeyId)
	if err := w.Authorize(t.Context(), &awsapi.Call{Caller: key.Caller, Account: account},
		awsapi.Access{Action: "sqs:SendMessage", Resource: queue}); err != nil {
		t.Error(err)
	}
}

func TestExpiredSessionGetsItsOwnError_D28(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsAll, "")
	w.now = w.now.Add(-time.Hour - time.Minute)
	out, err := w.sts().AssumeRole(t.Context(), assume("r"))
	if err != nil {
		t.Fatal(err)
	}

	_, err = sdksts.NewFromConfig(w.as(out.Credentials)).GetCallerIdentity(t.Context(), &sdksts.GetCallerIdentityInput{})
	refused(t, err, "ExpiredToken", "The security token included in the request is expired")
}

func TestTemporaryKeyWithoutItsTokenIsUnknown_D32(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsAll, "")
	out, err := w.sts().AssumeRole(t.Context(), assume("r"))
	if err != nil {
		t.Fatal(err)
	}

	cfg := w.configAs(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, "")
	_, err = sdksts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sdksts.GetCallerIdentityInput{})
	refused(t, err, "InvalidClientTokenId", "The security token included in the request is invalid.")
}

func TestSessionNeedsPermissionForIAM(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsAll, `{"Statement":{"Effect":"Allow","Action":"iam:GetRole","Resource":"`+arnOf("r")+`"}}`)
	out, err := w.sts().AssumeRole(t.Context(), assume("r"))
	if err != nil {
		t.Fatal(err)
	}

	client := sdkiam.NewFromConfig(w.as(out.Credentials))
	if _, err := client.GetRole(t.Context(), &sdkiam.GetRoleInput{RoleName: aws.String("r")}); err != nil {
		t.Error(err)
	}

	_, err = client.DeleteRole(t.Context(), &sdkiam.DeleteRoleInput{RoleName: aws.String("r")})
	refused(t, err, "AccessDenied", "User: arn:aws:sts::000000000000:assumed-role/r/me is not authorized to perform: iam:DeleteRole on resource: "+
		arnOf("r")+" because no identity-based policy allows the iam:DeleteRole action")
}
