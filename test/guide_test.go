package test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// guide shows users how to test their own functions.
const guide = "../docs/testing-your-own-functions.md"

// blocks returns the guide's code blocks of a language, in sequence.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```\n").FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	return all
}

// blockWith returns the only block that contains a text.
func blockWith(t *testing.T, language, part string) string {
	t.Helper()
	var found []string
	for _, b := range blocks(t, language) {
		if strings.Contains(b, part) {
			found = append(found, b)
		}
	}
	if len(found) != 1 {
		t.Fatalf("the guide has %d blocks of %s with %q, want one", len(found), language, part)
	}
	return found[0]
}

// needs skips a test if a program is missing.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
}

// follow runs the guide's commands in a folder, as a user would, and returns their
// output. It stops a server that still runs there afterwards.
func follow(t *testing.T, dir, commands string, extra ...string) string {
	t.Helper()
	bin, err := filepath.Abs(filepath.Dir(command))
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "RELIABLEQ_STATE_DIR=", "AWS_PAGER=")
	env = append(env, extra...)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "bash", "-eu", "-c", commands)
	run.Dir = dir
	run.Env = env
	run.WaitDelay = 10 * time.Second
	t.Cleanup(func() {
		stop := exec.Command(command, "local", "stop", "--state-dir", filepath.Join(dir, ".reliableq"))
		if out, err := stop.CombinedOutput(); err != nil {
			t.Errorf("stop the server of %s: %v: %s", dir, err, out)
		}
	})
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("the guide's commands failed: %v\n%s", err, out)
	}
	return string(out)
}

// TestTheGuideMatchesItsExamples compares the examples in the guide with the
// files that it tells users to copy.
func TestTheGuideMatchesItsExamples(t *testing.T) {
	t.Parallel()
	for file, language := range map[string]string{
		"python-consumer/test_consumer.py": "python", "python-function/consumer.py": "python",
		"python-function/bootstrap": "python", "python-function/main.tf": "hcl", "go-consumer/consumer_test.go": "go",
	} {
		t.Run(file, func(t *testing.T) {
			want, err := os.ReadFile("../docs/examples/" + file)
			if err != nil {
				t.Fatal(err)
			}
			shown := false
			for _, b := range blocks(t, language) {
				shown = shown || b == string(want)
			}
			if !shown {
				t.Errorf("the guide does not match %s", file)
			}
		})
	}
}

// TestThePythonConsumerOfTheGuide runs the guide's commands, including its
// test of three hours.
func TestThePythonConsumerOfTheGuide(t *testing.T) {
	t.Parallel()
	needs(t, "bash", "python3")
	if exec.Command("python3", "-c", "import boto3").Run() != nil {
		t.Skip("boto3 is not installed")
	}
	dir := t.TempDir()
	if err := copyTree(dir, "../docs/examples/python-consumer"); err != nil {
		t.Fatal(err)
	}
	if out := follow(t, dir, blockWith(t, "sh", "test_consumer.py")); !strings.Contains(out, "Ran 2 tests") || !strings.Contains(out, "OK") {
		t.Errorf("the tests printed:\n%s", out)
	}
}

// TestTheNodeConsumerOfTheGuide runs the guide's JavaScript, if the AWS SDK
// for JavaScript is installed.
func TestTheNodeConsumerOfTheGuide(t *testing.T) {
	t.Parallel()
	needs(t, "bash", "node")
	modules := os.Getenv("RELIABLEQ_TEST_NODE_MODULES")
	if modules == "" {
		t.Skip("set RELIABLEQ_TEST_NODE_MODULES to a node_modules directory with @aws-sdk/client-sqs")
	}
	dir := t.TempDir()
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "work.mjs"), []byte(blockWith(t, "js", "SQSClient")), 0o600); err != nil {
		t.Fatal(err)
	}
	out := follow(t, dir, `reliableq local start --listen 127.0.0.1:0; eval "$(reliableq env)"; node work.mjs`)
	if !strings.Contains(out, "\nlater\n") {
		t.Errorf("it printed:\n%s", out)
	}
}

// TestThePythonFunctionOfTheGuide deploys a Python function with
// Terraform, and skips five hours of retries of a bad order.
func TestThePythonFunctionOfTheGuide(t *testing.T) {
	t.Parallel()
	needs(t, "bash", "python3", "terraform", "aws", "curl")
	dir := t.TempDir()
	if err := copyTree(dir, "../docs/examples/python-function"); err != nil {
		t.Fatal(err)
	}
	commands := blockWith(t, "sh", "terraform apply")
	faults := blockWith(t, "sh", "fault add")
	commands, stops := strings.CutSuffix(commands, "reliableq local stop\n")
	if !stops {
		t.Fatal("the guide does not stop the server that it started")
	}
	out := follow(t, dir, commands+faults+"reliableq clock now\n", terraformSettings(t)...)
	skipped := regexp.MustCompile(`clock skip, (4h59m\d\S*|5h0m\d\S*) skipped, 0 in progress, 0 scheduled\n`)
	if !skipped.MatchString(out) {
		t.Errorf("about five hours were not skipped:\n%s", out)
	}
	if n := strings.Count(out, "failed: KeyError('store')"); n != 5 {
		t.Errorf("the log has %d failures, want 5:\n%s", n, out)
	}
	wantDead(t, dir)
	if !strings.Contains(out, "crash-after on lambda:Invoke of orders_consumer") {
		t.Errorf("the faults are not listed:\n%s", out)
	}
}

// terraformSettings returns the variables with which Terraform finds the provider
// without a network, as the command found it for the tests.
func terraformSettings(t *testing.T) []string {
	t.Helper()
	if shared.onAWS() {
		return nil // Terraform finds it without them
	}
	if config := shared.embedded.env["TF_CLI_CONFIG_FILE"]; config != "" {
		return []string{"TF_CLI_CONFIG_FILE=" + config}
	}
	return nil
}

// wantDead checks the dead-letter queue of the embedded AWS that serves in a folder.
func wantDead(t *testing.T, dir string) {
	t.Helper()
	out, err := exec.Command(command, "env", "--json", "--state-dir", filepath.Join(dir, ".reliableq")).Output()
	if err != nil {
		t.Fatal(explain(err))
	}
	var env struct {
		Endpoint string `json:"AWS_ENDPOINT_URL"`
		Token    string `json:"RELIABLEQ_CONTROL_TOKEN"`
	}
	if err := json.Unmarshal(out, &env); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, env.Endpoint+"/_reliableq/queues?name=orders_dead&messages=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+env.Token)
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Queues []struct {
			Messages []struct {
				Body         string `json:"body"`
				ReceiveCount int    `json:"receive_count"`
			} `json:"messages"`
		} `json:"queues"`
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(got); s != `{[{[{{"order": 2} 5}]}]}` {
		t.Errorf("dead letters %s, want the order without a store, received five times", s)
	}
}
