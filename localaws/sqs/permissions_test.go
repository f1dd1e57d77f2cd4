package sqs

import (
	"context"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

const onePolicy = `{"Statement":{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}}`

func (b *bench) permit(url, label string, accounts, actions []string) error {
	err := run(b, b.s.AddPermission, AddPermissionInput{url, label, accounts, actions})
	return err
}

func TestAddPermissionWritesThePolicy_O1(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	if err := b.permit(url, "crossaccount", []string{"668614515564"}, []string{"ReceiveMessage"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "policy", b.attributes(url)["Policy"], `{"Version":"2008-10-17","Id":"arn:aws:sqs:us-east-1:000000000000:q/SQSDefaultPolicy",`+
		`"Statement":[{"Sid":"crossaccount","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::668614515564:root"},"Action":"SQS:ReceiveMessage",`+
		`"Resource":"arn:aws:sqs:us-east-1:000000000000:q"}]}`)
	if err := b.permit(url, "two", []string{"668614515564", "111111111111"}, []string{"SendMessage", "*"}); err != nil {
		t.Fatal(err)
	}
	policy := b.attributes(url)["Policy"]
	for _, part := range []string{`"AWS":["arn:aws:iam::668614515564:root","arn:aws:iam::111111111111:root"]`, `"Action":["SQS:SendMessage","SQS:*"]`} {
		t.Run(part, func(t *testing.T) {
			if !strings.Contains(policy, part) {
				t.Errorf("policy %s\nlacks %s", policy, part)
			}
		})
	}
}

func TestLabelsAreUniqueAndTheLastStatementRemovesThePolicy_O2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	if err := b.permit(url, "l", []string{"668614515564"}, []string{"ReceiveMessage"}); err != nil {
		t.Fatal(err)
	}
	invalidValue(t, b.permit(url, "l", []string{"668614515564"}, []string{"ReceiveMessage"}), "Value l for parameter Label is invalid. Reason: Already exists.")
	err := run(b, b.s.RemovePermission, RemovePermissionInput{url, "x"})
	invalidValue(t, err, "Value x for parameter Label is invalid. Reason: can't find label.")
	mustRun(b, b.s.RemovePermission, RemovePermissionInput{url, "l"})
	if policy, some := b.attributes(url)["Policy"]; some {
		t.Errorf("policy %s is left", policy)
	}
}

func TestInvalidPermissionsAreRefused_O3_O4(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	one, receive := []string{"668614515564"}, []string{"ReceiveMessage"}
	missingParameter := func(err error, name string) {
		t.Helper()
		refused(t, err, "MissingRequiredParameterException", "MissingParameter", 400, "The request must contain the parameter "+name+".")
	}
	missingParameter(b.permit(url, "", one, receive), "Label")
	missingParameter(b.permit(url, "l", nil, receive), "PrincipalId")
	missingParameter(b.permit(url, "l", one, nil), "Actions")
	const wsdl = " for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions. "
	invalidValue(t, b.permit(url, "l", one, []string{"Fly"}), "Value SQS:Fly"+wsdl)
	invalidValue(t, b.permit(url, "l", one, []string{"SendMessageBatch"}), "Value SQS:SendMessageBatch"+wsdl)
	invalidValue(t, b.permit(url, "l", one, []string{"DeleteQueue"}),
		"Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.")
	invalidValue(t, b.permit(url, "l", []string{"7"}, receive), "Value [7] for parameter PrincipalId is invalid. Reason: Unable to verify.")
	eight := strings.Split(strings.Repeat("*", 8), "")
	if e := awsapi.AsError(b.permit(url, "l", one, eight)); e.Code != "OverLimit" || e.Status != 403 {
		t.Errorf("eight actions: %v", e)
	}
	policy := func(action, principal string) error {
		err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: url, Attributes: map[string]string{
			"Policy": `{"Statement":{"Effect":"Allow","Principal":{"AWS":` + principal + `},"Action":` + action + `,"Resource":"*"}}`}})
		return err
	}
	eightActions := `["sqs:SendMessage"` + strings.Repeat(`,"sqs:ReceiveMessage"`, 7) + `]`
	if e := awsapi.AsError(policy(eightActions, `"*"`)); e.Code != "OverLimit" {
		t.Errorf("a policy with eight actions in a statement: %v", e)
	}
	many := `["111111111111"` + strings.Repeat(`,"222222222222"`, 50) + `]`
	if e := awsapi.AsError(policy(`"sqs:*"`, many)); e.Code != "OverLimit" {
		t.Errorf("a policy with 51 principals: %v", e)
	}
	for _, foreign := range []string{`"SQS:SendMessageBatch"`, `"sqs:Fly"`, `"s3:*"`, `["sqs:*","sns:Publish"]`, `"s?s:SendMessage"`} {
		t.Run(foreign, func(t *testing.T) {
			refused(t, policy(foreign, `"*"`), "InvalidAttributeValue", "InvalidAttributeValue", 400, "Invalid value for the parameter Policy.")
		})
	}
	for _, known := range []string{`"*"`, `"SQS:*"`, `"sqs:send*"`, `"sqs:TagQueue"`} {
		t.Run(known, func(t *testing.T) {
			if err := policy(known, `"*"`); err != nil {
				t.Errorf("a policy with action %s: %v", known, err)
			}
		})
	}
	if err := policy(`"sqs:*"`, `"*"`); err != nil {
		t.Fatal(err)
	}
	if err := run(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: url, Attributes: map[string]string{"Policy": ""}}); err != nil {
		t.Fatal(err)
	}
	for i := range maxPolicyStatements {
		if err := b.permit(url, "l"+strings.Repeat("x", i), one, receive); err != nil {
			t.Fatal(err)
		}
	}
	if e := awsapi.AsError(b.permit(url, "more", one, receive)); e.Code != "OverLimit" || e.Status != 403 {
		t.Errorf("a 21st statement: %v", e)
	}
}

func TestOperationsThatNeverWorkAcrossAccounts_O5(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	c := call()
	c.Caller.Account, c.Account = "111111111111", "111111111111"
	ctx := context.Background()
	for name, err := range map[string]error{
		"DeleteQueue":        b.s.DeleteQueue(ctx, c, &QueueInput{url}),
		"ListQueueTags":      second(b.s.ListQueueTags(ctx, c, &QueueInput{url})),
		"TagQueue":           b.s.TagQueue(ctx, c, &TagQueueInput{url, map[string]string{"a": "b"}}),
		"UntagQueue":         b.s.UntagQueue(ctx, c, &UntagQueueInput{url, []string{"a"}}),
		"SetQueueAttributes": b.s.SetQueueAttributes(ctx, c, &SetQueueAttributesInput{url, map[string]string{"DelaySeconds": "1"}}),
		"AddPermission":      b.s.AddPermission(ctx, c, &AddPermissionInput{url, "l", []string{account}, []string{"*"}}),
		"RemovePermission":   b.s.RemovePermission(ctx, c, &RemovePermissionInput{url, "l"}),
	} {
		t.Run(name, func(t *testing.T) {
			if e := awsapi.AsError(err); err == nil || e.LegacyCode() != "AccessDenied" || e.Status != 403 {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	if _, err := b.s.SendMessage(ctx, c, &SendMessageInput{QueueURL: url, MessageBody: "x"}); err != nil {
		t.Errorf("SendMessage: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestEveryOperationRequiresItsPermission_O6(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.set(url, "Policy", onePolicy)
	arn := b.arn(url)
	handle := (&moveTask{ID: "x", SourceARN: arn}).handle()
	inputs := map[string]any{
		"SendMessage":                  &SendMessageInput{QueueURL: url},
		"SendMessageBatch":             &SendMessageBatchInput{QueueURL: url},
		"ReceiveMessage":               &ReceiveMessageInput{QueueURL: url},
		"DeleteMessage":                &DeleteMessageInput{QueueURL: url},
		"DeleteMessageBatch":           &DeleteMessageBatchInput{QueueURL: url},
		"ChangeMessageVisibility":      &ChangeMessageVisibilityInput{QueueURL: url},
		"ChangeMessageVisibilityBatch": &ChangeMessageVisibilityBatchInput{QueueURL: url},
		"CreateQueue":                  &CreateQueueInput{QueueName: "q"},
		"DeleteQueue":                  &QueueInput{url},
		"PurgeQueue":                   &QueueInput{url},
		"GetQueueUrl":                  &GetQueueUrlInput{QueueName: "q"},
		"ListQueues":                   &ListQueuesInput{},
		"ListDeadLetterSourceQueues":   &ListDeadLetterSourceQueuesInput{QueueURL: url},
		"GetQueueAttributes":           &GetQueueAttributesInput{QueueURL: url},
		"SetQueueAttributes":           &SetQueueAttributesInput{QueueURL: url},
		"TagQueue":                     &TagQueueInput{QueueURL: url},
		"UntagQueue":                   &UntagQueueInput{QueueURL: url},
		"ListQueueTags":                &QueueInput{url},
		"AddPermission":                &AddPermissionInput{QueueURL: url},
		"RemovePermission":             &RemovePermissionInput{QueueURL: url},
		"StartMessageMoveTask":         &StartMessageMoveTaskInput{SourceARN: arn},
		"ListMessageMoveTasks":         &ListMessageMoveTasksInput{SourceARN: arn},
		"CancelMessageMoveTask":        &CancelMessageMoveTaskInput{handle},
	}
	table := b.s.API().Operations
	if len(table) != len(inputs) {
		t.Errorf("%d operations, %d tried", len(table), len(inputs))
	}
	for name, in := range inputs {
		t.Run(name, func(t *testing.T) {
			needs := table[name].Access(call(), in)
			if len(needs) == 0 {
				t.Errorf("%s requires no permission", name)
				return
			}
			want := "sqs:" + strings.TrimSuffix(name, "Batch")
			if needs[0].Action != want {
				t.Errorf("%s requires %s, want %s", name, needs[0].Action, want)
			}
			if name != "ListQueues" && (needs[0].Resource != arn || needs[0].ResourcePolicy != onePolicy) {
				t.Errorf("%s requires it on %s with policy %q", name, needs[0].Resource, needs[0].ResourcePolicy)
			}
		})
	}
	if needs := table["GetQueueUrl"].Access(call(), &GetQueueUrlInput{QueueName: "nope"}); needs != nil {
		t.Errorf("GetQueueUrl of a queue that does not exist requires %+v, want QueueDoesNotExist for every caller", needs)
	}
	missing := table["SendMessage"].Access(call(), &SendMessageInput{QueueURL: "nope"})
	if len(missing) != 1 || missing[0].Resource != "arn:aws:sqs:us-east-1:000000000000:nope" {
		t.Errorf("a queue that does not exist requires %+v", missing)
	}
}

func TestAdditionalPermissions_O7_M11(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, dlq := b.deadLetters(0)
	actions := func(all []awsapi.Access) (s string) {
		for _, a := range all {
			s += strings.TrimPrefix(a.Action, "sqs:") + "@" + a.Resource[strings.LastIndexByte(a.Resource, ':')+1:] + " "
		}
		return strings.TrimSpace(s)
	}
	table := b.s.API().Operations
	tagged := table["CreateQueue"].Access(call(), &CreateQueueInput{QueueName: "n", Tags: map[string]string{"team": "a"}})
	equal(t, "create with tags", actions(tagged), "CreateQueue@n TagQueue@n")
	for _, a := range tagged {
		t.Run(a.Action, func(t *testing.T) {
			if a.RequestTags["team"] != "a" {
				t.Errorf("%s with the request's tags %v", a.Action, a.RequestTags)
			}
		})
	}
	home := table["StartMessageMoveTask"].Access(call(), &StartMessageMoveTaskInput{SourceARN: b.arn(dlq)})
	equal(t, "task", actions(home), "StartMessageMoveTask@dlq ReceiveMessage@dlq DeleteMessage@dlq GetQueueAttributes@dlq SendMessage@src")
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Sid":"a"}]}`)
	f.Add(`{"Statement":{"Sid":"a"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if doc, err := parsePolicy(text); err == nil {
			doc.indexOfLabel("a")
		}
	})
}
