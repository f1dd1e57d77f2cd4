package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/deploy/internal/bundle"
	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/clock"
)

// plans makes the fake Terraform plan to create resources: attributes by address.
func (w *deployment) plans(creates map[string]map[string]any) {
	w.t.Helper()
	type change struct {
		Actions []string       `json:"actions"`
		After   map[string]any `json:"after"`
	}
	type resource struct {
		Address string `json:"address"`
		Mode    string `json:"mode"`
		Type    string `json:"type"`
		Change  change `json:"change"`
	}
	var plan strings.Builder
	var shown struct {
		Changes []resource `json:"resource_changes"`
	}
	for address, after := range creates {
		kind, _, _ := strings.Cut(address, ".")
		plan.WriteString(`{"type":"planned_change","change":{"resource":{"addr":` + quoted(w.t, address) + `,"resource_type":"` + kind + `"},"action":"create"}}` + "\n")
		shown.Changes = append(shown.Changes, resource{Address: address, Mode: "managed", Type: kind, Change: change{Actions: []string{"create"}, After: after}})
	}
	body, err := json.Marshal(shown)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(filepath.Join(w.bin, "plan"), plan.String())
	w.write(filepath.Join(w.bin, "shown"), string(body))
}

// Names that resources outside of the state have are refused by name, before any
// change, by every verb that deploys, with hints.
func TestResourcesOfAnotherStateAreNotTakenOver(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct {
		address string
		after   func(*deployment) map[string]any
	}{
		"queue": {"aws_sqs_queue.source", func(w *deployment) map[string]any {
			url := w.Deployment.QueueURLs["source"]
			return map[string]any{"name": url[strings.LastIndex(url, "/")+1:]}
		}},
		"function": {"aws_lambda_function.consumer", func(w *deployment) map[string]any {
			return map[string]any{"function_name": w.Deployment.Functions["consumer"]}
		}},
		"log group": {"aws_cloudwatch_log_group.consumer", func(w *deployment) map[string]any {
			return map[string]any{"name": w.Deployment.LogGroups["consumer"]}
		}},
		"alarm": {"aws_cloudwatch_metric_alarm.dlq", func(w *deployment) map[string]any {
			_, err := cloudwatch.NewFromConfig(w.AWS.Config()).PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
				AlarmName: aws.String("taken"), Namespace: aws.String("N"), MetricName: aws.String("M"), Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1),
				Threshold: aws.Float64(1), ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanThreshold, Statistic: cloudwatchtypes.StatisticSum,
				Tags: []cloudwatchtypes.Tag{{Key: aws.String(infra.OwnerTag), Value: aws.String("theirs")}},
			})
			if err != nil {
				t.Error(err)
			}
			return map[string]any{"alarm_name": "taken"}
		}},
		"dashboard": {"aws_cloudwatch_dashboard.flow", func(w *deployment) map[string]any {
			_, err := cloudwatch.NewFromConfig(w.AWS.Config()).PutDashboard(t.Context(), &cloudwatch.PutDashboardInput{
				DashboardName: aws.String("taken"), DashboardBody: aws.String(`{"widgets":[]}`),
			})
			if err != nil {
				t.Error(err)
			}
			return map[string]any{"dashboard_name": "taken"}
		}},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := setup(t, clock.Manual, consume.PerMessage)
			w.plans(map[string]map[string]any{c.address: c.after(w), "aws_sqs_queue.free": {"name": "free"}})
			for _, verb := range []string{"plan", "up", "demo"} {
				got := w.deploying(verb)
				got.want(t, exitFailed, "1 names that this deployment would create are taken on the embedded AWS", c.address+": ",
					"--name-prefix PREFIX", "terraform import ADDRESS ID", "destroy them first")
				if kind == "alarm" {
					got.want(t, exitFailed, "belongs to the state theirs")
				}
			}
			if calls := w.calls(); slices.Contains(calls, "apply") {
				t.Errorf("Terraform was run with %q", calls)
			}
		})
	}
}

// A state that has another state's queue, as after both created one of that name,
// cannot take it over or remove it.
func TestAQueueOfAnotherStateIsNeitherTakenOverNorRemoved(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage)
	url := w.Deployment.QueueURLs["source"]
	name := url[strings.LastIndex(url, "/")+1:]
	tag := func(owner string) {
		if _, err := w.SQS.TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: &url, Tags: map[string]string{infra.OwnerTag: owner}}); err != nil {
			t.Fatal(err)
		}
	}
	state := `{"version":4,"resources":[
		{"mode":"managed","type":"terraform_data","name":"owner","instances":[{"attributes":{"id":"ours"}}]},
		{"mode":"managed","module":"module.queues","type":"aws_sqs_queue","name":"this","instances":[{"index_key":"source","attributes":{"id":` + quoted(t, url) + `,"name":` + quoted(t, name) + `}}]}]}`
	w.write(filepath.Join(folderOf(w), "terraform.tfstate"), state)

	tag("theirs")
	for _, verb := range []string{"up", "plan", "demo", "down"} {
		t.Run(verb, func(t *testing.T) {
			w.deploying(verb).want(t, exitFailed, "1 resources in the state of this deployment belong to another state", "belongs to the state theirs",
				`terraform state rm -state=`, `'module.queues.aws_sqs_queue.this["source"]'`)
		})
	}
	if calls := w.calls(); slices.Contains(calls, "apply") || slices.Contains(calls, "destroy") {
		t.Errorf("Terraform was run with %q", calls)
	}

	tag("ours")
	w.deploying("down").want(t, exitDone, "removed")
}

// command builds the command for tests that run Terraform itself.
func command(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("deploys with Terraform")
	}
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is missing")
	}
	mirror, err := infra.FindMirror(infra.MirrorSearch{Root: "../../terraform", Roots: infra.SystemRoots()})
	if err != nil {
		t.Fatal(err)
	}
	if mirror == "" {
		t.Skip("no local mirror of the AWS provider")
	}
	path := filepath.Join(t.TempDir(), "reliableq")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// Two states on one embedded AWS: the second is refused, whichever it is, and the
// queues of the first keep their messages.
func TestTwoStatesDoNotTakeEachOthersQueues(t *testing.T) {
	exe := command(t)
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	base := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "AWS_") })
	do := func(env []string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), exe, append(args, "--dir", root)...)
		cmd.Env = append(base[:len(base):len(base)], env...)
		out, err := cmd.CombinedOutput()
		if err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		return string(out), err
	}
	if out, err := exec.CommandContext(t.Context(), exe, "local", "start", "--listen", "127.0.0.1:0", "--state-dir", first).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command(exe, "local", "stop", "--state-dir", first).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	if out, err := do(nil, "up", "--state-dir", first, "--var", "mappings_enabled=false"); err != nil {
		t.Fatal(out)
	}

	info, err := daemon.In(first).Running()
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(info.Region), config.WithBaseEndpoint(info.URL),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(info.AccessKeyID, info.SecretAccessKey, "")))
	if err != nil {
		t.Fatal(err)
	}
	queues := sqs.NewFromConfig(cfg)
	url := info.URL + "/" + info.Account + "/reliable_q"
	if _, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("keep me")}); err != nil {
		t.Fatal(err)
	}
	checkQueue := func() {
		t.Helper()
		out, err := queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
		if err != nil {
			t.Fatalf("the queue was deleted: %v", err)
		}
		if out.Attributes["ApproximateNumberOfMessages"] == "0" && out.Attributes["ApproximateNumberOfMessagesDelayed"] == "0" {
			t.Errorf("the message was deleted: %v", out.Attributes)
		}
	}

	// The second state with the command: neither up nor down changes the resources of
	// the first.
	endpoint := []string{"AWS_ENDPOINT_URL=" + info.URL, "AWS_ACCESS_KEY_ID=" + info.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + info.SecretAccessKey,
		"AWS_REGION=" + info.Region, "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull}
	out, err := do(endpoint, "up", "--target", "endpoint", "--yes", "--state-dir", second)
	if err == nil || !strings.Contains(out, "are taken on the endpoint") || !strings.Contains(out, "reliable_q has the id "+url) || !strings.Contains(out, "--name-prefix") {
		t.Errorf("up from another state: %v\n%s", err, out)
	}
	checkQueue()
	if out, err := do(endpoint, "down", "--target", "endpoint", "--yes", "--state-dir", second); err != nil || !strings.Contains(out, "nothing is deployed") {
		t.Errorf("down of another state: %v\n%s", err, out)
	}
	checkQueue()

	// The second state with plain Terraform: the modules stop it at plan.
	if err := os.CopyFS(filepath.Join(dir, "terraform"), os.DirFS(filepath.Join(root, "terraform"))); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `set -eu
		eval "$("$1" env --terraform --state-dir "$2")" && cd terraform && rm -rf .terraform
		terraform init -input=false -no-color
		terraform apply -auto-approve -input=false -no-color -var mappings_enabled=false -var "architecture=$3" -var "dist_dir=$4"`,
		"sh", exe, first, bundle.Host().Lambda(), filepath.Join(root, "dist"))
	cmd.Dir, cmd.Env = dir, base
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "STOP: a queue of this name exists") {
		t.Errorf("terraform apply from another state: %v\n%s", err, out)
	}
	checkQueue()

	// The first state is unchanged.
	if out, err := do(nil, "plan", "--state-dir", first, "--json", "--var", "mappings_enabled=false"); err != nil || !strings.Contains(out, `"changes": []`) {
		t.Errorf("plan of the first: %v\n%s", err, out)
	}
}

// The reverse: first plain Terraform, then the command.
func TestTheCommandDoesNotTakeOverTerraformsResources(t *testing.T) {
	exe := command(t)
	dir := t.TempDir()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, "state")
	base := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "AWS_") })
	shell := func(text string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", text)
		cmd.Dir = dir
		cmd.Env = append(base[:len(base):len(base)], "RELIABLEQ_STATE_DIR="+state, "RELIABLEQ_DIR="+root, "PATH="+filepath.Dir(exe)+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if err := os.CopyFS(filepath.Join(dir, "terraform"), os.DirFS(filepath.Join(root, "terraform"))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, err := exec.Command(exe, "local", "stop", "--state-dir", state).CombinedOutput(); err != nil { // the test's context has ended
			t.Errorf("%v\n%s", err, out)
		}
	})
	out, err := shell(`set -eu
		reliableq build && reliableq local start --listen 127.0.0.1:0 && eval "$(reliableq env --terraform)" && cd terraform && rm -rf .terraform
		terraform init -input=false -no-color
		terraform apply -auto-approve -input=false -no-color -var mappings_enabled=false -var architecture=` + bundle.Host().Lambda() + ` -var dist_dir=` + filepath.Join(root, "dist"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, verb := range []string{"up", "demo --fast=false", "plan"} {
		t.Run(verb, func(t *testing.T) {
			out, err := shell("reliableq " + verb)
			if err == nil || !strings.Contains(out, "are taken on the embedded AWS") || !strings.Contains(out, "reliable_q has the id ") {
				t.Errorf("%s: %v\n%s", verb, err, out)
			}
		})
	}
	out, err = shell("reliableq down")
	if err != nil || !strings.Contains(out, "nothing is deployed") {
		t.Errorf("down: %v\n%s", err, out)
	}
	out, err = shell(`set -eu; eval "$(reliableq env --terraform)"; cd terraform
		terraform plan -detailed-exitcode -input=false -no-color -var mappings_enabled=false -var architecture=` + bundle.Host().Lambda() + ` -var dist_dir=` + filepath.Join(root, "dist"))
	if err != nil {
		t.Errorf("plan of the first state: %v\n%s", err, out)
	}
}
