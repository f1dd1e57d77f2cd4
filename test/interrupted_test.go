package test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// plain runs Terraform without Terratest, in a separate directory, as a user who can
// press Ctrl-C.
type plain struct {
	dir  string
	env  []string
	vars []string
}

// embeddedEnvironment returns this process's environment with the variables for the
// embedded AWS.
func embeddedEnvironment() []string {
	env := os.Environ()
	for name, value := range shared.embedded.env {
		env = append(env, name+"="+value)
	}
	return env
}

// start starts Terraform in a separate process group.
func (p *plain) start(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	run := exec.CommandContext(context.WithoutCancel(t.Context()), tool(), args...)
	run.Dir = p.dir
	run.Env = p.env
	run.Stdout = out
	run.Stderr = out
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if run.ProcessState == nil {
			// An error of either means that the program has ended.
			_ = syscall.Kill(-run.Process.Pid, syscall.SIGKILL)
			_ = run.Wait()
		}
	})
	return run, out
}

// run runs Terraform and returns its output.
func (p *plain) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	run, out := p.start(t, args...)
	err := run.Wait()
	return out.String(), err
}

// must is run and fails the test on an error.
func (p *plain) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.run(t, args...)
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (p *plain) with(args ...string) []string { return append(args, p.vars...) }

// chain is a root with only a chain of two queues, and the variable for its
// protection.
const chain = `provider "aws" {}

variable "protect_existing_queues" {
  type    = bool
  default = true
}

module "queues" {
  source = "./modules/queue-chain"

  name             = %q
  protect_existing = var.protect_existing_queues
}
`

// An apply is interrupted while the provider watches the queues settle, and messages
// are sent. The steps in docs/terraform.md preserve the queues and messages, and lead
// to an empty plan. In earlier versions, the next apply deleted the queues.
func TestAnInterruptedApplyKeepsQueuesAndMessages(t *testing.T) {
	t.Parallel()
	if shared.onAWS() {
		t.Skip("interrupts Terraform on the embedded AWS only")
	}
	for name, c := range map[string]struct {
		interrupt func(t *testing.T, run *exec.Cmd)
		imported  bool // the queues are not in the state afterwards
	}{
		"interrupt":  {func(t *testing.T, run *exec.Cmd) { signal(t, run.Process.Pid, syscall.SIGINT) }, false},
		"terminated": {func(t *testing.T, run *exec.Cmd) { signal(t, run.Process.Pid, syscall.SIGTERM) }, false},
		"killed":     {func(t *testing.T, run *exec.Cmd) { signal(t, -run.Process.Pid, syscall.SIGKILL) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := "cut_" + name
			p := newChain(t, queue)
			run, out := p.start(t, p.with("apply", "-auto-approve", "-no-color")...)
			urls := waitForQueues(t, queue, queue+"_dlq")
			c.interrupt(t, run)
			if err := run.Wait(); err == nil {
				t.Fatalf("apply was not interrupted:\n%s", out)
			}
			ids := sendEach(t, urls)

			refused, err := p.run(t, p.with("apply", "-auto-approve", "-no-color")...)
			if err == nil || !strings.Contains(refused, "STOP: a queue of this name exists") {
				t.Fatalf("the next apply did not fail as expected (%v):\n%s", err, refused)
			}
			p.keep(t, urls, c.imported)
			p.must(t, p.with("apply", "-auto-approve", "-no-color")...)

			wantEach(t, urls, ids)
			if code := p.planCode(t); code != 0 {
				t.Errorf("plan after apply ends with exit code %d, want 0: nothing to change", code)
			}
		})
	}
}

// newChain returns a root module with two queues, initialized.
func newChain(t *testing.T, queue string) *plain {
	t.Helper()
	dir := t.TempDir()
	if err := copyTree(filepath.Join(dir, "modules"), "../terraform/modules"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), fmt.Appendf(nil, chain, queue), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &plain{dir: dir, env: embeddedEnvironment()}
	p.must(t, "init", "-input=false", "-no-color")
	return p
}

func signal(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

// keep follows docs/terraform.md: it untaints the queues in the state and imports the
// others.
func (p *plain) keep(t *testing.T, urls map[string]string, imported bool) {
	t.Helper()
	if !imported {
		script := strings.ReplaceAll(commandInDocs(t, "xargs -0 -n 1 terraform untaint"), "terraform ", tool()+" ")
		untaint := exec.CommandContext(t.Context(), "bash", "-c", script)
		untaint.Dir = p.dir
		untaint.Env = p.env
		if out, err := untaint.CombinedOutput(); err != nil {
			t.Fatalf("untaint as in docs/terraform.md: %v\n%s", err, out)
		}
		return
	}
	for name, url := range urls {
		key := "source"
		if strings.HasSuffix(name, "_dlq") {
			key = "dlq"
		}
		p.must(t, "import", "-no-color", "-var", "protect_existing_queues=false", fmt.Sprintf("module.queues.module.queue[%q].aws_sqs_queue.this", key), url)
	}
}

// commandInDocs returns the only line of docs/terraform.md that contains a text.
func commandInDocs(t *testing.T, part string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/terraform.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^ *(.*`+regexp.QuoteMeta(part)+`.*)$`).FindAllStringSubmatch(string(text), -1)
	if len(found) != 1 {
		t.Fatalf("docs/terraform.md has %d lines with %q, want one", len(found), part)
	}
	return found[0][1]
}

// planCode returns the exit code of a plan: 0 with nothing to change, 2 with changes.
func (p *plain) planCode(t *testing.T) int {
	t.Helper()
	run, _ := p.start(t, p.with("plan", "-detailed-exitcode", "-no-color")...)
	_ = run.Wait() // the exit code is the result: 1 for an error
	return run.ProcessState.ExitCode()
}

// waitForQueues waits until queues exist and returns their URLs by name.
func waitForQueues(t *testing.T, names ...string) map[string]string {
	t.Helper()
	client := sqs.NewFromConfig(shared.cfg)
	urls := map[string]string{}
	eventually(t, "the queues exist", func() bool {
		for _, name := range names {
			if got, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &name}); err == nil {
				urls[name] = *got.QueueUrl
			}
		}
		return len(urls) == len(names)
	})
	return urls
}

// sendEach sends a message to each queue and returns the ids by queue.
func sendEach(t *testing.T, urls map[string]string) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for name, url := range urls {
		sent, err := sqs.NewFromConfig(shared.cfg).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("keep me")})
		if err != nil {
			t.Fatalf("send to %s: %v", name, err)
		}
		ids[name] = *sent.MessageId
	}
	return ids
}

// wantEach receives the messages that sendEach sent.
func wantEach(t *testing.T, urls, ids map[string]string) {
	t.Helper()
	for name, url := range urls {
		got, err := sqs.NewFromConfig(shared.cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 5, MaxNumberOfMessages: 10})
		if err != nil {
			t.Errorf("receive from %s: %v", name, err)
			continue
		}
		if len(got.Messages) != 1 || *got.Messages[0].MessageId != ids[name] {
			t.Errorf("%s holds %d messages, want the one that was sent", name, len(got.Messages))
		}
	}
}

// A second state that creates queues of the same names is stopped at plan; without the
// protection SQS refuses it because of the tag. In earlier versions, it took over the
// queues.
func TestASecondStateDoesNotTakeQueuesOver(t *testing.T) {
	t.Parallel()
	if shared.onAWS() {
		t.Skip("uses fixed names: on the embedded AWS only")
	}
	first := newChain(t, "shared")
	second := newChain(t, "shared")
	first.must(t, "apply", "-auto-approve", "-no-color")

	out, err := second.run(t, "apply", "-auto-approve", "-no-color")
	if err == nil || !strings.Contains(out, "STOP: a queue of this name exists") {
		t.Errorf("the second state did not fail at plan (%v):\n%s", err, out)
	}
	out, err = second.run(t, "apply", "-auto-approve", "-no-color", "-var", "protect_existing_queues=false")
	if err == nil || !strings.Contains(out, "QueueAlreadyExists") {
		t.Errorf("SQS did not reject the second state (%v):\n%s", err, out)
	}
	second.must(t, "destroy", "-auto-approve", "-no-color", "-var", "protect_existing_queues=false")
	urls := waitForQueues(t, "shared", "shared_dlq")
	wantEach(t, urls, sendEach(t, urls))
	if code := first.planCode(t); code != 0 {
		t.Errorf("plan of the first state ends with exit code %d, want 0: nothing to change", code)
	}
}

// A state from before retry levels became modules keeps every queue, function and
// mapping.
func TestAnOlderStateKeepsItsQueues(t *testing.T) {
	t.Parallel()
	if shared.onAWS() {
		t.Skip("applies old modules: on the embedded AWS only")
	}
	if isOpenTofu() {
		t.Skip("the old tree requires Terraform 1.11 or later, which OpenTofu 1.10 refuses: there is no OpenTofu state of it")
	}
	needs(t, "git")
	const before = "3f2d159" // the last commit with the queues of the levels in queue-chain
	archive := exec.CommandContext(t.Context(), "git", "-C", "..", "archive", before, "terraform")
	tree, err := archive.Output()
	if err != nil {
		t.Skipf("commit %s is not in this clone: %v", before, err)
	}
	dir := t.TempDir()
	unpack := exec.CommandContext(t.Context(), "tar", "-x", "-C", dir, "--strip-components=1")
	unpack.Stdin = bytes.NewReader(tree)
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("unpack the old modules: %v: %s", err, out)
	}
	p := &plain{dir: dir, env: embeddedEnvironment(), vars: []string{
		"-var", "name_prefix=older_", "-var", "dist_dir=" + absolute(t, "../dist"), "-var", "architecture=" + architecture(),
		"-var", "retry_levels=[{},{}]",
	}}
	p.must(t, "init", "-input=false", "-no-color")
	p.must(t, p.with("apply", "-auto-approve", "-no-color", "-parallelism=30")...)

	if err := copyTree(dir, "../terraform"); err != nil {
		t.Fatal(err)
	}
	p.must(t, "init", "-input=false", "-no-color")
	plan := p.must(t, p.with("plan", "-no-color")...)
	kept := regexp.MustCompile(`aws_(sqs_queue|sqs_queue_redrive_policy|lambda_function|lambda_event_source_mapping|iam_role|cloudwatch_log_group)[.]\S+ (will be destroyed|must be replaced|will be created)`)
	if changed := kept.FindAllString(plan, -1); len(changed) > 0 {
		t.Errorf("the plan does not keep %s", strings.Join(changed, "; "))
	}
	for _, moved := range []string{
		`module.queues.module.queue["source"].aws_sqs_queue.this`,
		`module.retry["retry_2"].module.queue.aws_sqs_queue.this`,
		`module.retry["retry_2"].module.mapping.aws_lambda_event_source_mapping.this`,
		`module.retry["retry_2"].module.function.aws_lambda_function.this`,
	} {
		t.Run(moved, func(t *testing.T) {
			if !strings.Contains(plan, moved) {
				t.Errorf("the plan does not mention %s", moved)
			}
		})
	}
}
