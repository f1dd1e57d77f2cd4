package policycheck_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

const (
	// defaultRoles is the number of roles that a plain go test creates and uses.
	defaultRoles  = 150
	rolesVariable = "RELIABLEQ_POLICY_ROLES"
)

// embeddedKeys are the condition keys of a role session's request to the embedded AWS
// (IAM E60 to E62). The requests give their values.
var embeddedKeys = []contextKey{
	{name: "aws:username", kind: "string"}, // absent
	{name: "aws:userid", kind: "string"},
	{name: "aws:PrincipalType", kind: "string"},
	{name: "aws:PrincipalAccount", kind: "string"},
	{name: "aws:PrincipalTag/team", kind: "string"},
	{name: "aws:PrincipalTag/orders", kind: "string"}, // set only by the session
	{name: "aws:RequestedRegion", kind: "string"},
	{name: "aws:ResourceAccount", kind: "string"},
	{name: "aws:ResourceTag/stage", kind: "string"},
	{name: "aws:RequestTag/Env", kind: "string"},
	{name: "aws:TagKeys", kind: "string", many: true},
	{name: "aws:PrincipalArn", kind: "arn"},
	{name: "aws:SourceArn", kind: "arn"}, // absent
	{name: "aws:TokenIssueTime", kind: "date"},
	{name: "aws:CurrentTime", kind: "date"},
	{name: "aws:EpochTime", kind: "number"},
	{name: "aws:SecureTransport", kind: "bool"},
	{name: "aws:ViaAWSService", kind: "bool"},
	{name: "aws:PrincipalIsAWSService", kind: "bool"},
	{name: "aws:MultiFactorAuthPresent", kind: "bool"},
}

// embedded is an embedded AWS with a queue that has no policy. Queues with a policy
// are created and deleted for each role, because their policy may deny the operator
// too.
type embedded struct {
	t       *testing.T
	server  *localawstest.Server
	iam     *iam.Client
	sqs     *sqs.Client
	plain   string // the queue's address
	refused int    // policies that the services refused

	verdicts map[verdict]int
}

func newEmbedded(t *testing.T) *embedded {
	t.Helper()
	server := localawstest.New(t)
	w := &embedded{t: t, server: server, iam: iam.NewFromConfig(server.Config()), sqs: sqs.NewFromConfig(server.Config()), verdicts: map[verdict]int{}}
	w.plain = w.queue("orders-dlq")

	// Other roles that policies can name.
	w.role("nobody", "/", nil, "")
	w.role("target", "/", nil, "")
	return w
}

func (w *embedded) queue(name string) string {
	w.t.Helper()
	q, err := w.sqs.CreateQueue(w.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Tags: map[string]string{"stage": "prod"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return *q.QueueUrl
}

// trustAccount lets every principal of the account assume a role.
const trustAccount = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + localaws.DefaultAccount + `"},"Action":["sts:AssumeRole","sts:TagSession"]}]}`

func (w *embedded) role(name, path string, tags []iamtypes.Tag, boundary string) *iamtypes.Role {
	w.t.Helper()
	in := iam.CreateRoleInput{RoleName: &name, Path: &path, Tags: tags, AssumeRolePolicyDocument: aws.String(trustAccount)}
	if boundary != "" {
		in.PermissionsBoundary = &boundary
	}
	out, err := w.iam.CreateRole(w.t.Context(), &in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Role
}

// currentDocument draws a policy of the current version: IAM refuses managed policies
// of other versions (IAM E50).
func (g generator) currentDocument(s *situation, kind string) string {
	for {
		if text := g.document(s, kind); strings.Contains(text, `"Version":"2012-10-17"`) {
			return text
		}
	}
}

// takes reports whether a service accepted a policy. It fails the test on errors that
// are not about the policy.
func (w *embedded) takes(err error) bool {
	w.t.Helper()
	if err == nil {
		return true
	}
	var api smithy.APIError
	if errors.As(err, &api) && slices.Contains([]string{"MalformedPolicyDocument", "InvalidAttributeValue", "PackedPolicyTooLarge", "LimitExceeded"}, api.ErrorCode()) {
		w.refused++
		return false
	}
	w.t.Fatal(err)
	return false
}

// managed creates a managed policy. It returns an empty string if IAM refuses it.
func (w *embedded) managed(name, text string) string {
	w.t.Helper()
	out, err := w.iam.CreatePolicy(w.t.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &text})
	if !w.takes(err) {
		return ""
	}
	return *out.Policy.Arn
}

// tryRole creates a role with random policies, makes every request in its session, and
// returns the decisions that differ from the published logic.
func (w *embedded) tryRole(seed, number uint64) []string {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	g := generator{
		Rand: rand.New(rand.NewPCG(seed, number)),
		keys: embeddedKeys,
		otherPrincipals: []string{
			"arn:aws:iam::" + localaws.DefaultAccount + ":role/nobody",
			"arn:aws:sts::" + localaws.DefaultAccount + ":assumed-role/nobody/s1",
			"arn:aws:iam::333333333333:root",
		},
	}

	name := fmt.Sprintf("r%d", number)
	path := g.one("/", "/svc/")
	session := g.one("s1", "s2")
	arn := "arn:aws:iam::" + localaws.DefaultAccount + ":role" + path + name
	s := &situation{
		Owner: localaws.DefaultAccount,
		Caller: caller{
			Account: localaws.DefaultAccount,
			Role:    arn,
			ARN:     "arn:aws:sts::" + localaws.DefaultAccount + ":assumed-role/" + name + "/" + session,
		},
		Keys: map[string][]string{
			"aws:PrincipalArn":           {arn},
			"aws:PrincipalType":          {"AssumedRole"},
			"aws:PrincipalAccount":       {localaws.DefaultAccount},
			"aws:RequestedRegion":        {"us-east-1"},
			"aws:ResourceAccount":        {localaws.DefaultAccount},
			"aws:SecureTransport":        {"true"},
			"aws:ViaAWSService":          {"false"},
			"aws:PrincipalIsAWSService":  {"false"},
			"aws:MultiFactorAuthPresent": {"false"},
		},
	}

	// Tags of the role, and of the session, which take precedence.
	var roleTags []iamtypes.Tag
	var sessionTags []ststypes.Tag
	if g.percent(60) {
		roleTags = append(roleTags, iamtypes.Tag{Key: aws.String("team"), Value: aws.String("red")})
		s.Keys["aws:PrincipalTag/team"] = []string{"red"}
	}
	if g.percent(30) {
		sessionTags = append(sessionTags, ststypes.Tag{Key: aws.String("Team"), Value: aws.String("blue")})
		s.Keys["aws:PrincipalTag/team"] = []string{"blue"}
	}
	if g.percent(50) {
		sessionTags = append(sessionTags, ststypes.Tag{Key: aws.String("orders"), Value: aws.String("orders")})
		s.Keys["aws:PrincipalTag/orders"] = []string{"orders"}
	}

	// The requests of the session. Each policy is drawn for one of them.
	orders := w.queue("orders" + name)
	requests := w.requests("orders"+name, orders)
	aim := func() {
		req := requests[g.IntN(len(requests))]
		s.Action, s.Target = req.action, req.target
	}

	// The role with its policies.
	boundary := ""
	if g.percent(25) {
		aim()
		s.Boundary = g.currentDocument(s, boundaryKind)
		if boundary = w.managed(name+"-boundary", s.Boundary); boundary == "" {
			return nil
		}
	}
	role := w.role(name, path, roleTags, boundary)
	s.Keys["aws:userid"] = []string{*role.RoleId + ":" + session}
	for n := g.IntN(4); n > 0; n-- {
		aim()
		text, policyName := g.document(s, identityKind), fmt.Sprintf("%s-%d", name, n)
		if g.percent(50) && strings.Contains(text, "2012-10-17") {
			arn := w.managed(policyName, text)
			if arn == "" {
				return nil
			}
			if _, err := w.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &arn}); err != nil {
				t.Fatal(err)
			}
		} else if _, err := w.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: &policyName, PolicyDocument: &text}); !w.takes(err) {
			return nil
		}
		s.Identity = append(s.Identity, text)
	}

	// The queue's policy. It may only have actions of SQS.
	queuePolicy := ""
	if g.percent(60) {
		s.Action, s.Target = "sqs:SendMessage", queueARN("orders"+name)
		g.keys = slices.DeleteFunc(slices.Clone(embeddedKeys), func(k contextKey) bool { return strings.HasPrefix(k.name, "aws:ResourceTag/") }) // not for queue policies (IAM E62)
		g.ownActions = true                                                                                                                      // SQS refuses others
		queuePolicy = g.document(s, resourceKind)
		g.keys, g.ownActions = embeddedKeys, false
	}
	if _, err := w.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &orders, Attributes: map[string]string{"Policy": queuePolicy}}); !w.takes(err) {
		return nil
	}

	// The trust policy of a role that the session tries to assume.
	s.Action, s.Target, s.Trust = "sts:AssumeRole", "arn:aws:iam::"+localaws.DefaultAccount+":role/target", true
	trust := g.document(s, resourceKind)
	s.Trust = false
	if _, err := w.iam.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("target"), PolicyDocument: &trust}); !w.takes(err) {
		return nil
	}

	// The session, limited by session policies.
	assume := sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: &session, Tags: sessionTags}
	if g.percent(25) {
		aim()
		text := g.document(s, sessionKind)
		assume.Policy = &text
		s.Session = append(s.Session, text)
	}
	if g.percent(15) {
		aim()
		text := g.currentDocument(s, sessionKind)
		arn := w.managed(name+"-session", text)
		if arn == "" {
			return nil
		}
		assume.PolicyArns = []ststypes.PolicyDescriptorType{{Arn: &arn}}
		s.Session = append(s.Session, text)
	}
	issued := time.Now().UTC()
	got, err := sts.NewFromConfig(w.server.Config()).AssumeRole(ctx, &assume)
	if !w.takes(err) {
		return nil
	}
	s.Keys["aws:TokenIssueTime"] = []string{issued.Format(time.RFC3339)}
	cfg := w.server.ConfigAs(*got.Credentials.AccessKeyId, *got.Credentials.SecretAccessKey, *got.Credentials.SessionToken)

	var differences []string
	for _, req := range requests {
		r := *s
		r.Action, r.Target, r.Now = req.action, req.target, time.Now()
		r.Keys = map[string][]string{}
		for name, values := range s.Keys {
			r.Keys[name] = values
		}
		for name, values := range req.keys {
			r.Keys[name] = values
		}
		switch {
		case req.action == "sts:AssumeRole":
			r.Resource, r.Trust = trust, true
		case req.target == queueARN("orders"+name):
			r.Resource = queuePolicy
		}
		if unclear(&r) {
			continue
		}
		want := (&evaluator{}).decide(&r)
		w.verdicts[want.Verdict]++
		if why := judge(want, req.call(ctx, cfg)); why != "" {
			text, err := json.MarshalIndent(&r, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			differences = append(differences, fmt.Sprintf("role %d of seed %d: %s\n%s", number, seed, why, text))
		}
	}
	return differences
}

func queueARN(name string) string {
	return "arn:aws:sqs:us-east-1:" + localaws.DefaultAccount + ":" + name
}

// request is one call that a session makes.
type request struct {
	action, target string
	keys           map[string][]string // in addition to those of the session
	call           func(context.Context, aws.Config) error
}

// unclear reports whether the published text does not define how a policy applies to a
// request: whether a request without a single resource has aws:ResourceAccount.
func unclear(s *situation) bool {
	policies := strings.ToLower(strings.Join(slices.Concat(s.Identity, s.Session, []string{s.Boundary}), ""))
	return s.Target == "*" && strings.Contains(policies, "aws:resourceaccount")
}

// requests lists the requests of a session. orders is the queue with a policy.
func (w *embedded) requests(orders, address string) []request {
	stage := map[string][]string{"aws:ResourceTag/stage": {"prod"}}
	return []request{
		{"sqs:SendMessage", queueARN(orders), stage, func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &address, MessageBody: aws.String("x")})
			return err
		}},
		{"sqs:ReceiveMessage", queueARN(orders), stage, func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &address})
			return err
		}},
		{"sqs:GetQueueAttributes", queueARN("orders-dlq"), stage, func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &w.plain})
			return err
		}},
		{"sqs:TagQueue", queueARN("orders-dlq"), map[string][]string{
			"aws:ResourceTag/stage": {"prod"},
			"aws:RequestTag/Env":    {"prod"},
			"aws:RequestTag/owner":  {"me"},
			"aws:TagKeys":           {"Env", "owner"},
		}, func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: &w.plain, Tags: map[string]string{"Env": "prod", "owner": "me"}})
			return err
		}},
		{"cloudwatch:PutMetricData", "*", nil, func(ctx context.Context, cfg aws.Config) error {
			datum := cwtypes.MetricDatum{MetricName: aws.String("m"), Value: aws.Float64(1)}
			_, err := cloudwatch.NewFromConfig(cfg).PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("n"), MetricData: []cwtypes.MetricDatum{datum}})
			return err
		}},
		{"lambda:ListFunctions", "*", nil, func(ctx context.Context, cfg aws.Config) error {
			_, err := lambda.NewFromConfig(cfg).ListFunctions(ctx, nil)
			return err
		}},
		{"iam:GetRole", "arn:aws:iam::" + localaws.DefaultAccount + ":role/nobody", nil, func(ctx context.Context, cfg aws.Config) error {
			_, err := iam.NewFromConfig(cfg).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("nobody")})
			return err
		}},
		{"sts:AssumeRole", "arn:aws:iam::" + localaws.DefaultAccount + ":role/target", nil, func(ctx context.Context, cfg aws.Config) error {
			_, err := sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + localaws.DefaultAccount + ":role/target"), RoleSessionName: aws.String("next")})
			return err
		}},
	}
}

// TestRequestsCarryTheirContext permits a role one action, on the condition that a key
// has its value, and on the condition that another key is absent (IAM E60 to E62).
func TestRequestsCarryTheirContext(t *testing.T) {
	t.Parallel()
	w := newEmbedded(t)
	role := w.role("reader", "/svc/", []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("red")}}, "")
	got, err := sts.NewFromConfig(w.server.Config()).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn:         role.Arn,
		RoleSessionName: aws.String("s1"),
		Tags:            []ststypes.Tag{{Key: aws.String("orders"), Value: aws.String("x")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := w.server.ConfigAs(*got.Credentials.AccessKeyId, *got.Credentials.SecretAccessKey, *got.Credentials.SessionToken)

	const arn = "arn:aws:iam::" + localaws.DefaultAccount + ":role/svc/reader"
	tests := []struct{ operator, key, value string }{
		{"StringEquals", "aws:PrincipalArn", arn},
		{"StringEquals", "aws:PrincipalAccount", localaws.DefaultAccount},
		{"StringEquals", "aws:PrincipalType", "AssumedRole"},
		{"StringEquals", "aws:userid", *role.RoleId + ":s1"},
		{"StringEquals", "aws:PrincipalTag/team", "red"},
		{"StringEquals", "aws:PrincipalTag/Orders", "x"},
		{"StringEquals", "aws:RequestedRegion", "us-east-1"},
		{"StringEquals", "aws:ResourceAccount", localaws.DefaultAccount},
		{"StringEquals", "aws:ResourceTag/stage", "prod"},
		{"StringEquals", "aws:RequestTag/Env", "prod"},
		{"ForAllValues:StringEquals", "aws:TagKeys", "Env"},
		{"ForAnyValue:StringEquals", "aws:TagKeys", "Env"},
		{"Bool", "aws:SecureTransport", "true"},
		{"Bool", "aws:ViaAWSService", "false"},
		{"Bool", "aws:PrincipalIsAWSService", "false"},
		{"Bool", "aws:MultiFactorAuthPresent", "false"},
		{"IpAddress", "aws:SourceIp", "127.0.0.1"},
		{"StringLike", "aws:UserAgent", "*aws-sdk-go*"},
		{"DateLessThan", "aws:CurrentTime", "2099-01-01T00:00:00Z"},
		{"DateGreaterThan", "aws:EpochTime", "2020-01-01T00:00:00Z"},
		{"NumericGreaterThan", "aws:EpochTime", "1577836800"},
		{"DateGreaterThan", "aws:TokenIssueTime", "2020-01-01T00:00:00Z"},
		{"Null", "aws:username", "true"},
		{"Null", "aws:SourceArn", "true"},
		{"Null", "aws:SourceAccount", "true"},
		{"Null", "aws:PrincipalServiceName", "true"},
		{"Null", "aws:MultiFactorAuthAge", "true"},
		{"Null", "aws:SourceVpc", "true"},
		{"Null", "aws:CalledVia", "true"},
		{"Null", "aws:ResourceTag/none", "true"},
	}
	for _, test := range tests {
		// All rows use one role and run one after another.
		t.Run(test.operator+" "+test.key, func(t *testing.T) {
			text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:TagQueue","Resource":"*","Condition":{%q:{%q:%q}}}}`, test.operator, test.key, test.value)
			if _, err := w.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("reader"), PolicyName: aws.String("only"), PolicyDocument: &text}); err != nil {
				t.Fatal(err)
			}
			_, err := sqs.NewFromConfig(cfg).TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: &w.plain, Tags: map[string]string{"Env": "prod"}})
			if err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

// TestATagOfTheSessionHidesTheRolesTag gives role and session tags whose keys differ
// only in case: the session's tag applies (IAM E61). It makes many requests, because
// random map iteration would often give the right result.
func TestATagOfTheSessionHidesTheRolesTag(t *testing.T) {
	t.Parallel()
	w := newEmbedded(t)
	role := w.role("reader", "/", []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("red")}}, "")
	text := `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"sqs:GetQueueAttributes","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"}}},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}]}`
	if _, err := w.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String("only"), PolicyDocument: &text}); err != nil {
		t.Fatal(err)
	}
	got, err := sts.NewFromConfig(w.server.Config()).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn:         role.Arn,
		RoleSessionName: aws.String("s1"),
		Tags:            []ststypes.Tag{{Key: aws.String("Team"), Value: aws.String("blue")}},
	})
	if err != nil {
		t.Fatal(err)
	}

	client := sqs.NewFromConfig(w.server.ConfigAs(*got.Credentials.AccessKeyId, *got.Credentials.SecretAccessKey, *got.Credentials.SessionToken))
	refused := 0
	for range 50 {
		if _, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &w.plain}); err != nil {
			refused++
		}
	}
	if refused > 0 {
		t.Errorf("%d of 50 calls were refused: the role's tag was applied", refused)
	}
}

// refusalWords maps the words of an access error to the kind of policy.
var refusalWords = map[string]string{
	"identity-based policy": identityKind,
	"permissions boundary":  boundaryKind,
	"session policy":        sessionKind,
	"resource-based policy": resourceKind,
}

// judge describes how a result differs from the outcome. It is empty if they agree. If
// the error names a kind of policy, that kind must have denied.
func judge(want outcome, err error) string {
	if err == nil {
		if want.Verdict != allowed {
			return fmt.Sprintf("went through, the published logic says %q (deny in %v, no allow in %v)", want.Verdict, want.Denying, want.Silent)
		}
		return ""
	}
	var api smithy.APIError
	if !errors.As(err, &api) || !strings.HasPrefix(api.ErrorCode(), "AccessDenied") {
		return "failed otherwise: " + err.Error()
	}
	if want.Verdict == allowed {
		return "is refused, the published logic allows it: " + api.ErrorMessage()
	}

	text := api.ErrorMessage()
	for words, kind := range refusalWords {
		_, clause, found := strings.Cut(text, " with an explicit deny in a")
		refusing := want.Denying
		if !found {
			_, clause, found = strings.Cut(text, " because no ")
			refusing = want.Silent
		}
		if found && strings.Contains(clause, words) && !slices.Contains(refusing, kind) {
			return fmt.Sprintf("%q for an %s in %v%v", text, want.Verdict, want.Denying, want.Silent)
		}
	}
	return ""
}

// TestTheEmbeddedAWSFollowsThePublishedLogic gives roles random policies of every
// kind. Their sessions call SQS, IAM, STS, CloudWatch and Lambda.
func TestTheEmbeddedAWSFollowsThePublishedLogic(t *testing.T) {
	t.Parallel()
	roles, seed := setting(t, rolesVariable, defaultRoles), setting(t, seedVariable, 1)
	w := newEmbedded(t)

	differences := 0
	for number := range roles {
		for _, why := range w.tryRole(seed, number) {
			if differences++; differences <= 5 {
				t.Error(why)
			}
		}
	}
	t.Logf("%d roles, %d policies refused, verdicts %v", roles, w.refused, w.verdicts)
	if differences > 0 {
		t.Errorf("%d decisions differ", differences)
	}

	calls := 0
	for _, n := range w.verdicts {
		calls += n
	}
	if uint64(w.refused) > roles/20 {
		t.Errorf("%d policies of %d roles were refused", w.refused, roles)
	}
	for _, v := range []verdict{allowed, implicitlyDeny, explicitlyDeny} {
		if calls > 100 && w.verdicts[v]*100/calls < 8 {
			t.Errorf("only %d of %d calls end in %q", w.verdicts[v], calls, v)
		}
	}
}
