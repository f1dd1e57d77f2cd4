package localaws_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws"
)

const queueOfTests = "arn:aws:sqs:us-east-1:" + home + ":q"

// statement is a policy of one statement.
func statement(effect, principals, action, resource string) string {
	if resource != "" {
		resource = `,"Resource":"` + resource + `"`
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `",` + principals + `,"Action":` + action + resource + `}]}`
}

// bareRole creates a role that every principal of the account may assume and that has
// no policy, and returns its ARN.
func (w *testServer) bareRole(name string) string {
	w.t.Helper()
	return *ok[*iam.CreateRoleOutput](w.t)(iam.NewFromConfig(w.Config()).CreateRole(w.t.Context(), &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: aws.String(trustRoot),
	})).Role.Arn
}

func (w *testServer) deleteRole(name string) {
	w.t.Helper()
	ok[*iam.DeleteRoleOutput](w.t)(iam.NewFromConfig(w.Config()).DeleteRole(w.t.Context(), &iam.DeleteRoleInput{RoleName: &name}))
}

func (w *testServer) setPolicy(cfg aws.Config, queue *string, policy string) error {
	_, err := sqs.NewFromConfig(cfg).SetQueueAttributes(w.t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: queue, Attributes: map[string]string{"Policy": policy},
	})
	return err
}

func sendTo(w *testServer, cfg aws.Config, queue *string) error {
	_, err := sqs.NewFromConfig(cfg).SendMessage(w.t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: aws.String("m")})
	return err
}

// A role that is deleted and created again is another principal: policies that
// named the first do not name the second, and show the id of the first (IAM A1).
func TestRecreatedRoleIsNotTrusted(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	ctx, cfg := t.Context(), w.Config()
	queue := w.queue(cfg, "q", nil)
	w.function(cfg, "f", w.role(cfg, "execution", "logs:*"), nothing)

	guest := w.bareRole("guest")
	named := `"Principal":{"AWS":"` + guest + `"}`
	queuePolicy := statement("Allow", named, `"sqs:SendMessage"`, queueOfTests)
	trustPolicy := statement("Allow", named, `"sts:AssumeRole"`, "")
	if err := w.setPolicy(cfg, queue, queuePolicy); err != nil {
		t.Fatal(err)
	}
	ok[*iam.CreateRoleOutput](t)(iam.NewFromConfig(cfg).CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("host"), AssumeRolePolicyDocument: &trustPolicy,
	}))
	ok[*lambda.AddPermissionOutput](t)(lambda.NewFromConfig(cfg).AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName: aws.String("f"), StatementId: aws.String("s"), Action: aws.String("lambda:InvokeFunction"), Principal: &guest,
	}))

	calls := map[string]func(aws.Config) error{
		"queue": func(cfg aws.Config) error { return sendTo(w, cfg, queue) },
		"role": func(cfg aws.Config) error {
			_, err := sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{
				RoleArn: aws.String("arn:aws:iam::" + home + ":role/host"), RoleSessionName: aws.String("me"),
			})
			return err
		},
		"function": func(cfg aws.Config) error {
			_, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f")})
			return err
		},
	}
	policies := func() map[string]string {
		all := map[string]string{}
		all["queue"] = ok[*sqs.GetQueueAttributesOutput](t)(sqs.NewFromConfig(cfg).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
			QueueUrl: queue, AttributeNames: []sqstypes.QueueAttributeName{"Policy"},
		})).Attributes["Policy"]
		trust := ok[*iam.GetRoleOutput](t)(iam.NewFromConfig(cfg).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("host")})).Role.AssumeRolePolicyDocument
		plain, err := url.QueryUnescape(*trust)
		if err != nil {
			t.Fatal(err)
		}
		all["role"] = plain
		all["function"] = *ok[*lambda.GetPolicyOutput](t)(lambda.NewFromConfig(cfg).GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: aws.String("f")})).Policy
		return all
	}

	first := w.assume(guest)
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			if err := permitted(call(first), true); err != nil {
				t.Errorf("%s, by the role that is named: %v", name, err)
			}
		})
	}
	before := policies()
	if before["queue"] != queuePolicy || before["role"] != trustPolicy || !strings.Contains(before["function"], guest) {
		t.Errorf("policies read back as %v", before)
	}
	id := *ok[*iam.GetRoleOutput](t)(iam.NewFromConfig(cfg).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("guest")})).Role.RoleId

	w.deleteRole("guest")
	w.bareRole("guest")
	second := w.assume(guest)
	for name, call := range calls {
		t.Run(name+" after the role was created again", func(t *testing.T) {
			if err := permitted(call(second), false); err != nil {
				t.Errorf("%s, by the role created again: %v", name, err)
			}
		})
	}
	for name, text := range policies() {
		t.Run("policy of the "+name, func(t *testing.T) {
			if !strings.Contains(text, id) || strings.Contains(text, guest) {
				t.Errorf("the policy of the %s reads %s, want the id %s", name, text, id)
			}
		})
	}
	if err := w.setPolicy(cfg, queue, queuePolicy); err != nil {
		t.Fatal(err)
	}
	if err := permitted(sendTo(w, second, queue), true); err != nil {
		t.Errorf("queue, after its policy names the role again: %v", err)
	}
}

// A policy that names a role or user that does not exist, or an action that its
// resource does not have, is refused (IAM A1, A4).
func TestPoliciesWithoutPrincipalOrWithForeignActionsAreRefused(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	ctx, cfg := t.Context(), w.Config()
	queue := w.queue(cfg, "q", nil)
	w.function(cfg, "f", w.role(cfg, "execution", "logs:*"), nothing)
	guest := w.bareRole("guest")
	const (
		nobody   = `"Principal":{"AWS":"arn:aws:iam::` + home + `:role/nobody"}`
		everyone = `"Principal":"*"`
		malform  = "MalformedPolicyDocument"
		invalid  = "InvalidAttributeValue"
	)

	trust := func(policy string) error {
		_, err := iam.NewFromConfig(cfg).UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("guest"), PolicyDocument: &policy})
		return err
	}
	onQueue := func(policy string) error { return w.setPolicy(cfg, queue, policy) }
	onNewQueue := func(policy string) error {
		_, err := sqs.NewFromConfig(cfg).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("n"), Attributes: map[string]string{"Policy": policy}})
		return err
	}
	onFunction := func(principal string) error {
		_, err := lambda.NewFromConfig(cfg).AddPermission(ctx, &lambda.AddPermissionInput{
			FunctionName: aws.String("f"), StatementId: aws.String("s"), Action: aws.String("lambda:InvokeFunction"), Principal: &principal,
		})
		return err
	}
	for _, tt := range []struct {
		name string
		put  func(string) error
		text string
		code string // empty where the policy is accepted
	}{
		{"trust in nobody", trust, statement("Allow", nobody, `"sts:AssumeRole"`, ""), malform},
		{"trust in a user who is not there", trust, statement("Allow", `"Principal":{"AWS":"arn:aws:iam::`+home+`:user/nobody"}`, `"sts:AssumeRole"`, ""), malform},
		{"trust in an id that is not there", trust, statement("Allow", `"Principal":{"AWS":"AROAAAAAAAAAAAAAAAAAA"}`, `"sts:AssumeRole"`, ""), malform},
		{"trust in a role of the other case", trust, statement("Allow", `"Principal":{"AWS":"arn:aws:iam::`+home+`:role/GUEST"}`, `"sts:AssumeRole"`, ""), malform},
		{"trust with a foreign action", trust, statement("Allow", everyone, `"sqs:SendMessage"`, ""), malform},
		{"trust with an action that trust has not", trust, statement("Allow", everyone, `"sts:GetCallerIdentity"`, ""), malform},
		{"trust in no service", trust, statement("Allow", `"Principal":{"Service":"lambda.example.com"}`, `"sts:AssumeRole"`, ""), malform},
		{"trust in a role", trust, statement("Allow", `"Principal":{"AWS":"`+guest+`"}`, `"sts:AssumeRole"`, ""), ""},
		{"trust in another account's role", trust, statement("Allow", `"Principal":{"AWS":"arn:aws:iam::111122223333:role/theirs"}`, `"sts:AssumeRole"`, ""), ""},
		{"queue for nobody", onQueue, statement("Allow", nobody, `"sqs:*"`, queueOfTests), invalid},
		{"queue for all but nobody", onQueue, statement("Deny", strings.Replace(nobody, "Principal", "NotPrincipal", 1), `"sqs:*"`, queueOfTests), invalid},
		{"queue with a foreign action", onQueue, statement("Allow", everyone, `"s3:PutObject"`, queueOfTests), invalid},
		{"queue with a foreign action among its own", onQueue, statement("Allow", everyone, `["sqs:SendMessage","sns:Publish"]`, queueOfTests), invalid},
		{"queue with an unknown action", onQueue, statement("Allow", everyone, `"sqs:Fly"`, queueOfTests), invalid},
		{"new queue for nobody", onNewQueue, statement("Allow", nobody, `"sqs:*"`, queueOfTests), invalid},
		{"queue for a role", onQueue, statement("Allow", `"Principal":{"AWS":"`+guest+`"}`, `"SQS:*"`, queueOfTests), ""},
		{"function for nobody", onFunction, "arn:aws:iam::" + home + ":role/nobody", "InvalidParameterValueException"},
		{"function for another partition", onFunction, "arn:aws-cn:iam::" + home + ":role/guest", "InvalidParameterValueException"},
		{"function for a role", onFunction, guest, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.put(tt.text)
			var api smithy.APIError
			switch {
			case tt.code == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.code != "" && (!errors.As(err, &api) || api.ErrorCode() != tt.code):
				t.Errorf("error %v, want %s", err, tt.code)
			}
		})
	}
}

// A Deny for all but a role denies the other roles of the account, and needs the
// session to be listed too (IAM A5).
func TestDenyForAllButOneRoleDeniesTheOthers(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	queue := w.queue(w.Config(), "q", nil)
	friend, other := w.bareRole("friend"), w.bareRole("other")
	all := statement("Allow", `"Principal":{"AWS":["`+friend+`","`+other+`"]}`, `"sqs:*"`, queueOfTests)
	allBut := func(more string) string {
		return strings.Replace(all, `"Statement":[`, `"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":["`+friend+`","arn:aws:iam::`+home+`:root"`+more+`]},
			"Action":"sqs:SendMessage","Resource":"`+queueOfTests+`"},`, 1)
	}
	session := `,"arn:aws:sts::` + home + `:assumed-role/friend/session"`
	asFriend, asOther := w.assume(friend), w.assume(other)

	for _, tt := range []struct {
		name, policy           string
		friend, other, theBoss bool
	}{
		{"no deny", all, true, true, true},
		{"role and account", allBut(""), false, false, false},
		{"role, account and session", allBut(session), true, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := w.setPolicy(w.Config(), queue, tt.policy); err != nil {
				t.Fatal(err)
			}
			for name, who := range map[string]struct {
				cfg  aws.Config
				want bool
			}{"friend": {asFriend, tt.friend}, "other": {asOther, tt.other}, "operator": {w.Config(), tt.theBoss}} {
				if err := permitted(sendTo(w, who.cfg, queue), who.want); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}
