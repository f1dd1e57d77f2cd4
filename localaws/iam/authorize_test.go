package iam_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/iam"
)

var lambdaService = iam.ServicePrincipal{Name: "lambda.amazonaws.com"}

// session opens a session of a role for Lambda.
func (w *world) session(t testing.TB, role string) *awsapi.Call {
	t.Helper()
	key, err := w.Session(t.Context(), arnOf(role), lambdaService, "fn", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return &awsapi.Call{Caller: key.Caller, Account: account, Region: "us-east-1", Secure: true, SourceIP: "127.0.0.1"}
}

func send(resourcePolicy string) awsapi.Access {
	return awsapi.Access{Action: "sqs:SendMessage", Resource: queue, ResourcePolicy: resourcePolicy}
}

func wantDenied(t testing.TB, err error, message string) {
	t.Helper()
	var e *awsapi.Error
	if !errors.As(err, &e) || e.Code != "AccessDenied" || e.Status != 403 || message != "" && e.Message != message {
		t.Errorf("error %v, want AccessDenied: %s", err, message)
	}
}

func TestD24AndD25WordsOfARefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const deny = `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}]}`
	w.role(t, "none", trustsFunc, "")
	w.role(t, "denied", trustsFunc, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	const user = "User: arn:aws:sts::000000000000:assumed-role/"
	for _, tt := range []struct {
		role    string
		ask     awsapi.Access
		message string
	}{
		{"none", send(""), user + "none/fn is not authorized to perform: sqs:sendmessage on resource: " + queue +
			" because no identity-based policy allows the sqs:sendmessage action"},
		{"none", send(deny), user + "none/fn is not authorized to perform: sqs:sendmessage on resource: " + queue +
			" with an explicit deny in a resource-based policy"},
		{"denied", send(""), user + "denied/fn is not authorized to perform: sqs:sendmessage on resource: " + queue +
			" with an explicit deny in an identity-based policy"},
		{"none", awsapi.Access{Action: "lambda:ListFunctions", Resource: "*"}, user +
			"none/fn is not authorized to perform: lambda:ListFunctions on resource: * because no identity-based policy allows the lambda:ListFunctions action"},
	} {
		wantDenied(t, w.Authorize(t.Context(), w.session(t, tt.role), tt.ask), tt.message)
	}
}

func TestD14TheOperatorMayDoWhatNoResourcePolicyDenies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := &awsapi.Call{Caller: w.Operator().Caller, Account: account, Secure: true}
	if err := w.Authorize(t.Context(), c, send("")); err != nil {
		t.Error(err)
	}
	tlsOnly := `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	if err := w.Authorize(t.Context(), c, send(tlsOnly)); err != nil {
		t.Errorf("D21: a TLS-only policy keeps loopback out: %v", err)
	}
	c.Secure = false
	wantDenied(t, w.Authorize(t.Context(), c, send(tlsOnly)), "")
}

func TestD14BoundaryAndManagedPoliciesCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, client, name := t.Context(), w.iam(), aws.String("r")
	w.role(t, "r", trustsFunc, "")
	c := w.session(t, "r")
	if _, err := client.AttachRolePolicy(ctx, &sdkiam.AttachRolePolicyInput{RoleName: name,
		PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSQSFullAccess")}); err != nil {
		t.Fatal(err)
	}
	if err := w.Authorize(ctx, c, send("")); err != nil {
		t.Errorf("a managed policy does not count: %v", err)
	}
	if _, err := client.PutRolePermissionsBoundary(ctx, &sdkiam.PutRolePermissionsBoundaryInput{
		RoleName: name, PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")}); err != nil {
		t.Fatal(err)
	}
	wantDenied(t, w.Authorize(ctx, c, send("")), "User: arn:aws:sts::000000000000:assumed-role/r/fn is not authorized to perform: sqs:sendmessage on resource: "+
		queue+" because no permissions boundary allows the sqs:sendmessage action")
}

func TestD17AnotherAccountsQueueMustAllowToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "r", trustsFunc, `{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}`)
	c := w.session(t, "r")
	ask := awsapi.Access{Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:111122223333:q"}
	wantDenied(t, w.Authorize(t.Context(), c, ask),
		"User: arn:aws:sts::000000000000:assumed-role/r/fn is not authorized to perform: sqs:sendmessage on resource: "+
			ask.Resource+" because no resource-based policy allows the sqs:sendmessage action")
	ask.ResourcePolicy = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sqs:SendMessage","Resource":"*"}]}`
	if err := w.Authorize(t.Context(), c, ask); err != nil {
		t.Error(err)
	}
}

func TestD21KeysOfARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "r", trustsFunc, "")
	c := w.session(t, "r")
	c.UserAgent = "toy"
	for key, value := range map[string]string{
		"aws:PrincipalArn": arnOf("r"), "aws:PrincipalAccount": account, "aws:SecureTransport": "true", "aws:PrincipalType": "AssumedRole",
		"aws:SourceIp": "127.0.0.1", "aws:UserAgent": "toy", "aws:RequestedRegion": "us-east-1", "aws:ResourceAccount": account,
		"aws:userid": c.Caller.UserID, "aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false", "aws:CurrentTime": "2026-01-02T03:04:05Z",
		"aws:RequestTag/Team": "a",
	} {
		policy := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"` + key + `":"` + value + `"}}}]}`
		ask := send(policy)
		ask.Keys = map[string][]string{"aws:RequestTag/team": {"a"}}
		if err := w.Authorize(t.Context(), c, ask); err != nil {
			t.Errorf("%s is not %s: %v", key, value, err)
		}
	}
}

func TestAServiceNeedsAResourcePolicyThatNamesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := &awsapi.Call{Account: account, Caller: awsapi.Caller{ServicePrincipal: "sns.amazonaws.com", SourceARN: "arn:aws:sns:us-east-1:000000000000:t"}}
	allow := func(source string) string {
		return `{"Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*",
			"Condition":{"ArnEquals":{"aws:SourceArn":"` + source + `"}}}]}`
	}
	if err := w.Authorize(t.Context(), c, send(allow("arn:aws:sns:*:*:t"))); err != nil {
		t.Error(err)
	}
	wantDenied(t, w.Authorize(t.Context(), c, send(allow("arn:aws:sns:*:*:other"))), "")
	wantDenied(t, w.Authorize(t.Context(), c, send("")), "")
}

func TestC12RolesThatLambdaCannotAssume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "people", trustsAll, "")
	for _, arn := range []string{arnOf("none"), arnOf("people"), "nonsense", "arn:aws:iam::111122223333:role/people",
		"arn:aws:iam::000000000000:role/path/people"} {
		if _, err := w.Session(t.Context(), arn, lambdaService, "fn", time.Hour); !errors.Is(err, iam.ErrCannotAssume) {
			t.Errorf("%s: error %v, want ErrCannotAssume", arn, err)
		}
	}
}

func TestD12SessionsDieWithTheirRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "r", trustsFunc, "")
	c := w.session(t, "r")
	if got, ok := w.Credential(c.Caller.AccessKey); !ok || got.Caller.ARN != "arn:aws:sts::000000000000:assumed-role/r/fn" {
		t.Fatalf("credential %+v, %v", got, ok)
	}
	if _, err := w.iam().DeleteRole(t.Context(), &sdkiam.DeleteRoleInput{RoleName: aws.String("r")}); err != nil {
		t.Fatal(err)
	}
	w.role(t, "r", trustsFunc, maySend)
	if _, ok := w.Credential(c.Caller.AccessKey); ok {
		t.Error("the session outlived its role")
	}
}

func TestEndedSessionsAreForgottenInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "r", trustsFunc, "")
	first := w.session(t, "r").Caller.AccessKey
	w.now = w.now.Add(90 * time.Minute)
	if _, ok := w.Credential(first); !ok {
		t.Error("a session that ended half an hour ago is not known as such any more")
	}
	w.now = w.now.Add(time.Hour)
	for range 64 {
		w.session(t, "r")
	}
	if _, ok := w.Credential(first); ok {
		t.Error("a session that ended long ago still takes room")
	}
}
