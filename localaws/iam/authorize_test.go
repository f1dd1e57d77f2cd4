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

// session returns a call of a role's session that was created for Lambda.
func (w *testGateway) session(t testing.TB, role string) *awsapi.Call {
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

func TestTextOfAccessDenied_D24_D25(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	const deny = `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}]}`
	w.role(t, "none", trustsFunc, "")
	w.role(t, "denied", trustsFunc, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
	const user = "User: arn:aws:sts::000000000000:assumed-role/"
	for _, tt := range []struct {
		name    string
		role    string
		need    awsapi.Access
		message string
	}{
		{"no policy", "none", send(""), user + "none/fn is not authorized to perform: sqs:sendmessage on resource: " + queue +
			" because no identity-based policy allows the sqs:sendmessage action"},
		{"denied by the queue", "none", send(deny), user + "none/fn is not authorized to perform: sqs:sendmessage on resource: " + queue +
			" with an explicit deny in a resource-based policy"},
		{"denied by the role", "denied", send(""), user + "denied/fn is not authorized to perform: sqs:sendmessage on resource: " + queue +
			" with an explicit deny in an identity-based policy"},
		{"another service", "none", awsapi.Access{Action: "lambda:ListFunctions", Resource: "*"}, user +
			"none/fn is not authorized to perform: lambda:ListFunctions on resource: * because no identity-based policy allows the lambda:ListFunctions action"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantDenied(t, w.Authorize(t.Context(), w.session(t, tt.role), tt.need), tt.message)
		})
	}
}

func TestOperatorIsAllowedUnlessAResourcePolicyDenies_D14(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	c := &awsapi.Call{Caller: w.Operator().Caller, Account: account, Secure: true}
	if err := w.Authorize(t.Context(), c, send("")); err != nil {
		t.Error(err)
	}

	tlsOnly := `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	if err := w.Authorize(t.Context(), c, send(tlsOnly)); err != nil {
		t.Errorf("D21: a policy that requires TLS denies loopback: %v", err)
	}

	c.Secure = false
	wantDenied(t, w.Authorize(t.Context(), c, send(tlsOnly)), "")
}

func TestBoundaryAndManagedPoliciesAreEvaluated_D14(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	ctx, client, name := t.Context(), w.iam(), aws.String("r")
	w.role(t, "r", trustsFunc, "")
	c := w.session(t, "r")
	if _, err := client.AttachRolePolicy(ctx, &sdkiam.AttachRolePolicyInput{RoleName: name,
		PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSQSFullAccess")}); err != nil {
		t.Fatal(err)
	}

	if err := w.Authorize(ctx, c, send("")); err != nil {
		t.Errorf("a managed policy has no effect: %v", err)
	}

	if _, err := client.PutRolePermissionsBoundary(ctx, &sdkiam.PutRolePermissionsBoundaryInput{
		RoleName: name, PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")}); err != nil {
		t.Fatal(err)
	}

	wantDenied(t, w.Authorize(ctx, c, send("")), "User: arn:aws:sts::000000000000:assumed-role/r/fn is not authorized to perform: sqs:sendmessage on resource: "+
		queue+" because no permissions boundary allows the sqs:sendmessage action")
}

func TestQueueOfAnotherAccountMustAllowToo_D17(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsFunc, `{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}`)
	c := w.session(t, "r")
	need := awsapi.Access{Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:111122223333:q"}
	wantDenied(t, w.Authorize(t.Context(), c, need),
		"User: arn:aws:sts::000000000000:assumed-role/r/fn is not authorized to perform: sqs:sendmessage on resource: "+
			need.Resource+" because no resource-based policy allows the sqs:sendmessage action")
	need.ResourcePolicy = `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sqs:SendMessage","Resource":"*"}]}`
	if err := w.Authorize(t.Context(), c, need); err != nil {
		t.Error(err)
	}
}

func TestConditionKeysOfARequest_D21(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsFunc, "")
	c := w.session(t, "r")
	c.UserAgent = "toy"
	for key, value := range map[string]string{
		"aws:PrincipalArn":          arnOf("r"),
		"aws:PrincipalAccount":      account,
		"aws:PrincipalType":         "AssumedRole",
		"aws:PrincipalIsAWSService": "false",
		"aws:userid":                c.Caller.UserID,
		"aws:SourceIp":              "127.0.0.1",
		"aws:UserAgent":             "toy",
		"aws:SecureTransport":       "true",
		"aws:RequestedRegion":       "us-east-1",
		"aws:ResourceAccount":       account,
		"aws:ViaAWSService":         "false",
		"aws:CurrentTime":           "2026-01-02T03:04:05Z",
		"aws:RequestTag/Team":       "a",
	} {
		t.Run(key, func(t *testing.T) {
			policy := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"` + key + `":"` + value + `"}}}]}`
			need := send(policy)
			need.Keys = map[string][]string{"aws:RequestTag/team": {"a"}}
			if err := w.Authorize(t.Context(), c, need); err != nil {
				t.Errorf("%s is not %s: %v", key, value, err)
			}
		})
	}
}

func TestServiceNeedsAResourcePolicyThatNamesIt(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
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

func TestRolesThatLambdaCannotAssume_C12(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "people", trustsAll, "")
	for _, arn := range []string{arnOf("none"), arnOf("people"), "nonsense", "arn:aws:iam::111122223333:role/people",
		"arn:aws:iam::000000000000:role/path/people"} {
		t.Run(arn, func(t *testing.T) {
			if _, err := w.Session(t.Context(), arn, lambdaService, "fn", time.Hour); !errors.Is(err, iam.ErrCannotAssume) {
				t.Errorf("%s: error %v, want ErrCannotAssume", arn, err)
			}
		})
	}
}

func TestSessionsAreDeletedWithTheirRole_D12(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
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
		t.Error("the session still exists after its role was deleted")
	}
}

func TestExpiredSessionsAreDeletedLater(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsFunc, "")
	first := w.session(t, "r").Caller.AccessKey
	w.now = w.now.Add(90 * time.Minute)
	if _, ok := w.Credential(first); !ok {
		t.Error("a session that expired half an hour ago is unknown")
	}

	w.now = w.now.Add(time.Hour)
	for range 64 {
		w.session(t, "r")
	}

	if _, ok := w.Credential(first); ok {
		t.Error("a session that expired long ago is still stored")
	}
}
