package localaws

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/awsapi"
	lambdamapping "github.com/reliableq/reliableq/localaws/lambda/mapping"
)

// reference is AWS's service authorization reference for the actions that the embedded
// operations require.
type reference struct {
	Services map[string]map[string]struct {
		Resources []string `json:"resources"` // ARNs with ${...} in them
		Keys      []string `json:"keys"`
	} `json:"services"`
}

// actionOf lists the actions of operations whose action has another name.
var actionOf = map[string]string{
	"sqs SendMessageBatch":             "SendMessage",
	"sqs DeleteMessageBatch":           "DeleteMessage",
	"sqs ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
	"lambda Invoke":                    "InvokeFunction",
}

// loose lists the actions whose resource differs from the reference, as access errors
// of AWS show (IAM A11).
var loose = map[string]string{
	"sqs:ListQueues":                  "arn:aws:sqs:us-east-1:000000000000:",
	"iam:ListRoles":                   "arn:aws:iam::000000000000:role/",
	"logs:DescribeLogGroups":          "arn:aws:logs:us-east-1:000000000000:log-group::log-stream:",
	"lambda:CreateEventSourceMapping": "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:*",
}

// neverSet lists the condition keys that no request can have, because the parameters
// they depend on are refused by name.
var neverSet = []string{
	"lambda:CodeSigningConfigArn", "lambda:Layer", "lambda:SecurityGroupIds", "lambda:SubnetIds", "lambda:VpcIds",
	"lambda:FunctionUrlAuthType", "lambda:InvokedViaFunctionUrl", "lambda:EventSourceToken", "cloudwatch:HasAccessGrant",
}

// TestOperationsNeedThePermissionsOfTheReference compares the permissions of every
// operation with AWS's service authorization reference: actions, resources and
// condition keys.
func TestOperationsNeedThePermissionsOfTheReference(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/service_reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref reference
	if err := json.Unmarshal(raw, &ref); err != nil {
		t.Fatal(err)
	}
	s := newServer(t)
	call := &awsapi.Call{Account: "000000000000", Region: "us-east-1", Caller: s.parts.iam.Operator().Caller, Endpoint: "http://aws.invalid"}
	mapping := makeResources(t, s, call)

	for _, name := range []string{"sqs", "lambda", "iam", "logs", "monitoring"} {
		prefix := strings.Replace(name, "monitoring", "cloudwatch", 1)
		for operation, op := range maps.All(s.parts.dispatcher.Services[name].Operations) {
			t.Run(prefix+" "+operation, func(t *testing.T) {
				in := op.New()
				fillInput(reflect.ValueOf(in).Elem(), name, mapping)
				need := op.Access(call, in)
				if len(need) == 0 && operation == "CancelMessageMoveTask" {
					t.Skip("the operation refuses a task that does not exist")
				}
				if len(need) == 0 {
					t.Fatal("requires no permission")
				}

				want := operation
				if other := actionOf[name+" "+operation]; other != "" {
					want = other
				}
				if need[0].Action != prefix+":"+want {
					t.Errorf("requires %s first", need[0].Action)
				}
				for _, a := range need {
					ref.check(t, a)
				}
			})
		}
	}
}

// makeResources creates the resources that permission checks look up, and returns the
// mapping's id.
func makeResources(t *testing.T, s *Server, call *awsapi.Call) string {
	t.Helper()
	s.RegisterHandler("f", func(context.Context, []byte) ([]byte, error) { return nil, nil })
	var mapping string
	for _, step := range []struct{ service, operation, body string }{
		{"sqs", "CreateQueue", `{"QueueName":"q"}`},
		{"iam", "CreateRole", `{"RoleName":"r","PermissionsBoundary":"arn:aws:iam::aws:policy/AmazonSQSFullAccess","AssumeRolePolicyDocument":` +
			`"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"lambda.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"}`},
		{"iam", "AttachRolePolicy", `{"RoleName":"r","PolicyArn":"arn:aws:iam::aws:policy/AmazonSQSFullAccess"}`},
		{"lambda", "CreateFunction", `{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Runtime":"provided.al2023","Handler":"b","Code":{}}`},
		{"lambda", "AddPermission", `{"StatementId":"s","Action":"lambda:InvokeFunction","Principal":"sns.amazonaws.com"}`},
		{"lambda", "CreateEventSourceMapping", `{"FunctionName":"f","EventSourceArn":"arn:aws:sqs:us-east-1:000000000000:q","Enabled":false}`},
	} {
		in := s.parts.dispatcher.Services[step.service].Operations[step.operation].New()
		if err := json.Unmarshal([]byte(step.body), in); err != nil {
			t.Fatal(err)
		}
		if f := reflect.ValueOf(in).Elem().FieldByName("FunctionName"); step.operation == "AddPermission" {
			f.SetString("f") // from the path
		}
		out, err := s.parts.dispatcher.Do(t.Context(), call, step.service, step.operation, in)
		if err != nil {
			t.Fatal(step.operation, err)
		}
		if m, ok := out.(*lambdamapping.Configuration); ok {
			mapping = m.UUID
		}
	}
	return mapping
}

// check compares one permission with the reference.
func (r *reference) check(t *testing.T, a awsapi.Access) {
	t.Helper()
	prefix, action, _ := strings.Cut(a.Action, ":")
	want, ok := r.Services[prefix][action]
	if !ok {
		t.Errorf("the reference has no action %s", a.Action)
		return
	}

	matches := slices.ContainsFunc(want.Resources, func(form string) bool { return ofForm(a.Resource, form) })
	if len(want.Resources) == 0 {
		matches = a.Resource == "*"
	}
	if !matches && loose[a.Action] != a.Resource {
		t.Errorf("%s on %s, want %v", a.Action, a.Resource, want.Resources)
	}

	has := func(key string) bool {
		return slices.ContainsFunc(want.Keys, func(k string) bool { return strings.EqualFold(k, key) })
	}
	set := map[string]bool{}
	for key := range a.Keys {
		set[strings.ToLower(key)] = true
		if !has(key) {
			t.Errorf("%s has the key %s, which the reference does not have", a.Action, key)
		}
	}
	if len(a.RequestTags) > 0 {
		set["aws:requesttag/${tagkey}"], set["aws:tagkeys"] = true, true
	}
	if len(a.TagKeys) > 0 {
		set["aws:tagkeys"] = true
	}
	for _, key := range want.Keys {
		if !set[strings.ToLower(key)] && !slices.Contains(neverSet, key) {
			t.Errorf("%s lacks the key %s", a.Action, key)
		}
	}
	if set["aws:tagkeys"] && !has("aws:TagKeys") || len(a.RequestTags) > 0 && !has("aws:RequestTag/${TagKey}") {
		t.Errorf("%s has condition keys for tags, which the reference does not have", a.Action)
	}
}

var placeholder = regexp.MustCompile(`\\\$\\\{[A-Za-z]+\\\}`)

// ofForm reports whether an ARN has the form in the reference. A permission on a log
// group ends with an empty log stream.
func ofForm(arn, form string) bool {
	arn = strings.TrimSuffix(arn, ":log-stream:")
	text := "^" + placeholder.ReplaceAllString(regexp.QuoteMeta(form), `[^:]+`) + "$"
	if strings.Contains(form, "log-group") || strings.Contains(form, ":function:") {
		text = strings.ReplaceAll(text, `[^:]+`, `[^:]*`)
	}
	return regexp.MustCompile(text).MatchString(arn) && !strings.Contains(arn, "::function")
}

// fillInput sets the members that permission checks read.
func fillInput(v reflect.Value, service, mapping string) {
	values := map[string]string{
		"QueueURL": "http://aws.invalid/000000000000/q", "QueueName": "q",
		"SourceARN": "arn:aws:sqs:us-east-1:000000000000:q", "DestinationARN": "arn:aws:sqs:us-east-1:000000000000:q",
		"FunctionName": "f", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "UUID": mapping, "StatementID": "s", "Role": "arn:aws:iam::000000000000:role/r",
		"Principal": "sns.amazonaws.com", "LogGroupName": "g", "LogStreamName": "s", "AlarmName": "a", "DashboardName": "d", "Namespace": "n",
		"RoleName": "r", "PolicyName": "p", "PolicyARN": "arn:aws:iam::000000000000:policy/p", "UserName": "u",
		"PermissionsBoundary": "arn:aws:iam::000000000000:policy/b",
		"ResourceARN": map[string]string{
			"logs": "arn:aws:logs:us-east-1:000000000000:log-group:g", "monitoring": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a",
		}[service],
	}
	for _, field := range reflect.VisibleFields(v.Type()) {
		if !field.IsExported() || field.Anonymous {
			continue
		}
		f := v.FieldByIndex(field.Index)
		switch value := values[field.Name]; {
		case field.Name == "Tags" && f.Kind() == reflect.Map:
			f.Set(reflect.ValueOf(map[string]string{"team": "a"}))
		case field.Name == "Tags" && f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			tags := reflect.MakeSlice(f.Type(), 1, 1)
			tags.Index(0).FieldByName("Key").SetString("team")
			f.Set(tags)
		case field.Name == "TagKeys", field.Name == "Tags", field.Name == "AlarmNames", field.Name == "DashboardNames", field.Name == "AlarmActions":
			f.Set(reflect.ValueOf([]string{"a"}))
		case value == "":
		case f.Kind() == reflect.String:
			f.SetString(value)
		case f.Kind() == reflect.Pointer && f.Type().Elem().Kind() == reflect.String:
			f.Set(reflect.ValueOf(&value))
		}
	}
}
