//go:build unix

package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/lookup"
)

// plainTerraform runs Terraform without the command on a small root: a chain of queues
// with one retry level. Its state is in the root's folder.
var plainTerraform = driver{
	prepare: preparePlain,
	command: commandOfTerraform,
	repair:  repairByHand,
	// Terraform cannot be distinguished from the command, and no command restores a
	// state that a full disk truncated.
	without: []string{"killed", diskFull},
	orphans: true,
}

// plainRoot is the root module: queues, and a function that reads the level's queue.
const plainRoot = `provider "aws" {}

variable "protect_existing_queues" {
  type    = bool
  default = true
}

variable "delay_seconds" {
  type = number
}

module "queues" {
  source = "./modules/queue-chain"

  name                   = "cut"
  dead_letter_queue_name = "dlq_for_reliable_q"
  protect_existing       = var.protect_existing_queues

  source_queue = { delay_seconds = var.delay_seconds, visibility_timeout_seconds = 180 }
  retry_levels = [module.retry.level]
  retry_queues = [module.retry.queue]
}

module "retry" {
  source = "./modules/retry-level"

  name              = "cut_retry"
  level             = 1
  source_queue_name = module.queues.names["source"]
  redrive_from      = module.queues.redrive_from["retry_1"]
  zip_file          = "${path.module}/modules/retry-level/examples/one-level/retry.zip"
  architecture      = "arm64"
  protect_existing  = var.protect_existing_queues
}
`

// plainDir returns the folder of the root module.
func (l *lane) plainDir() string { return filepath.Join(l.dir, "root") }

func preparePlain(t *testing.T, l *lane) {
	t.Helper()
	dir := l.plainDir()
	if err := os.CopyFS(filepath.Join(dir, "modules"), os.DirFS(filepath.Join(l.root, "terraform", "modules"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(plainRoot), 0o600); err != nil {
		t.Fatal(err)
	}
	mirror, err := infra.FindMirror(toolFlags{}.mirrorSearch(filepath.Join(l.root, "terraform")))
	if err != nil {
		t.Fatal(err)
	}
	if mirror != "" {
		if err := infra.WriteCLIConfig(filepath.Join(dir, "cli.tfrc"), mirror); err != nil {
			t.Fatal(err)
		}
	}
	l.terraform(t, "init", "-input=false", "-no-color")
}

// terraformCommand returns Terraform with arguments, in the root's folder.
func (l *lane) terraformCommand(args ...string) *exec.Cmd {
	cmd := exec.Command(theTool(), args...)
	l.inRoot(cmd)
	return cmd
}

// theTool returns the tool that the tests run: Terraform, unless RELIABLEQ_TOOL is
// OpenTofu.
func theTool() string { return cmp.Or(os.Getenv("RELIABLEQ_TOOL"), "terraform") }

// inRoot makes a command run in the root's folder, with the lane's variables added to
// the environment.
func (l *lane) inRoot(cmd *exec.Cmd) {
	cmd.Dir = l.plainDir()
	cmd.Env = append(cmd.Env, "TF_DATA_DIR="+filepath.Join(l.dir, "data"), fmt.Sprintf("TF_VAR_delay_seconds=%d", l.delay))
	if config := filepath.Join(cmd.Dir, "cli.tfrc"); exists(config) {
		cmd.Env = append(cmd.Env, "TF_CLI_CONFIG_FILE="+config)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func commandOfTerraform(l *lane, verb string) *exec.Cmd {
	switch verb {
	case "plan":
		return l.terraformCommand("plan", "-detailed-exitcode", "-no-color", "-input=false")
	case "down":
		return l.terraformCommand("destroy", "-auto-approve", "-no-color", "-input=false")
	}
	return l.terraformCommand("apply", "-auto-approve", "-no-color", "-input=false")
}

// terraform runs Terraform and returns its output.
func (l *lane) terraform(t *testing.T, args ...string) string {
	t.Helper()
	cmd := l.terraformCommand(args...)
	cmd.Env = append(l.environment(), cmd.Env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// repairByHand follows docs/terraform.md after an interrupted apply: untaint the
// queues, then import what exists and is not in the state.
func repairByHand(t *testing.T, l *lane) {
	t.Helper()
	script := strings.ReplaceAll(commandInDocs(t, l.root, "xargs -0 -n 1 terraform untaint"), "terraform ", theTool()+" ")
	untaint := exec.Command("bash", "-c", script)
	l.inRoot(untaint)
	untaint.Env = append(l.environment(), untaint.Env...)
	// It reports an error for each queue that is not tainted, as docs/terraform.md
	// says.
	out, err := untaint.CombinedOutput()
	t.Logf("untaint: %v\n%s", err, out)

	var known []string
	if exists(filepath.Join(l.plainDir(), "terraform.tfstate")) {
		known = strings.Split(l.terraform(t, "state", "list"), "\n")
	}
	for _, e := range l.existingByAddress(t) {
		if !slices.Contains(known, e.address) {
			t.Logf("import %s %s", e.address, e.id)
			l.terraform(t, "import", "-no-color", "-input=false", "-var", "protect_existing_queues=false", e.address, e.id)
		}
	}
}

// addressed is an existing resource, with its address in the root module.
type addressed struct{ address, id string }

// existingByAddress lists what exists at the lane's AWS and must not be created again,
// in the sequence of its import.
func (l *lane) existingByAddress(t *testing.T) []addressed {
	t.Helper()
	var all []addressed
	for address, name := range map[string]string{
		`module.queues.module.queue["source"].aws_sqs_queue.this`: "cut",
		`module.queues.module.queue["dlq"].aws_sqs_queue.this`:    "dlq_for_reliable_q",
		`module.retry.module.queue.aws_sqs_queue.this`:            "cut_retry",
	} {
		if url := l.queueURL(t, name); url != nil {
			all = append(all, addressed{address, *url})
		}
	}

	const function = "module.retry.module.function."
	for _, r := range []struct {
		kind, address string
		attributes    infra.Attributes
	}{
		{"aws_cloudwatch_log_group", function + "aws_cloudwatch_log_group.this", infra.Attributes{Name: "/aws/lambda/cut_retry"}},
		{"aws_iam_role", function + "aws_iam_role.this", infra.Attributes{Name: "cut_retry-" + l.aws.Region()}},
		{"aws_lambda_function", function + "aws_lambda_function.this", infra.Attributes{FunctionName: "cut_retry"}},
	} {
		found, err := lookup.New(l.aws.Config()).Find(t.Context(), r.kind, r.attributes)
		if err != nil {
			t.Fatal(err)
		}
		if found != nil {
			all = append(all, addressed{r.address, found.ID})
		}
	}

	mappings, err := lambda.NewFromConfig(l.aws.Config()).ListEventSourceMappings(t.Context(), &lambda.ListEventSourceMappingsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mappings.EventSourceMappings {
		if !strings.EqualFold(aws.ToString(m.State), "Deleting") {
			all = append(all, addressed{"module.retry.module.mapping.aws_lambda_event_source_mapping.this", aws.ToString(m.UUID)})
		}
	}
	return all
}

// commandInDocs returns the only line of docs/terraform.md that contains a text.
func commandInDocs(t *testing.T, root, part string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "terraform.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^ *(.*`+regexp.QuoteMeta(part)+`.*)$`).FindAllStringSubmatch(string(text), -1)
	if len(found) != 1 {
		t.Fatalf("docs/terraform.md has %d lines with %q, want one", len(found), part)
	}
	return found[0][1]
}
