package infra

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// modules creates a root module with one module that has tests, one that has none, and
// folders that are not modules.
func modules(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "terraform")
	for path, body := range map[string]string{
		"main.tf": "# root\n", ".terraform.lock.hcl": lockFile, "terraform.tfstate": "{}", "tests/flow.tftest.hcl": "",
		".terraform/modules/x/main.tf": "", "modules/queue/main.tf": "", "modules/queue/tests/q.tftest.hcl": "",
		"modules/plain/main.tf": "", "profiles/recommended.tfvars": "a = 1\n",
	} {
		write(t, filepath.Join(root, path), body)
	}
	return root
}

func TestChecksOfAModuleDependOnItsFiles(t *testing.T) {
	t.Parallel()
	got, err := Modules(modules(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []CheckStep{
		{".", "fmt"}, {".", "validate"}, {".", "test"}, {"modules/plain", "validate"}, {"modules/queue", "validate"}, {"modules/queue", "test"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := Modules(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "find modules") {
		t.Errorf("no such folder: %v", err)
	}
}

// checker is a Checker with the fake tool.
func checker(t *testing.T, env map[string]string) (*Checker, string) {
	t.Helper()
	dir := t.TempDir()
	tool := Tool{Path: link(t, filepath.Join(dir, "bin"), "terraform", "1.11.4"), Version: "1.11.4"}
	c, err := NewChecker(tool, "", modules(t), filepath.Join(dir, "work"), filepath.Join(dir, "plugins"))
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "calls")
	c.env = append(c.env, "FAKE_LOG="+log)
	for name, value := range env {
		c.env = append(c.env, name+"="+value)
	}
	return c, log
}

func TestChecksRunOnACopyThatIsInitializedOnce(t *testing.T) {
	t.Parallel()
	c, log := checker(t, map[string]string{"FAKE_OUT": "fine\n"})
	for _, step := range []CheckStep{{".", "fmt"}, {"modules/queue", "validate"}, {"modules/queue", "test"}} {
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			if output, err := c.Run(t.Context(), step); err != nil || output != "fine\n" {
				t.Errorf("%+v: %q, %v", step, output, err)
			}
		})
	}
	b := &bench{t: t, dir: filepath.Dir(log)}
	var runs []string
	for _, call := range b.calls() {
		rel, err := filepath.Rel(c.copy, call.Dir)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, rel+": "+call.Args[0])
		if call.Env["TF_DATA_DIR"] != "" || call.Env["AWS_EC2_METADATA_DISABLED"] != "true" {
			t.Errorf("environment of %s: %v", call.Args[0], call.Env)
		}
		for name := range call.Env {
			if strings.HasPrefix(name, "AWS_") && name != "AWS_EC2_METADATA_DISABLED" {
				t.Errorf("%s is passed to a check", name)
			}
		}
	}
	if diff := cmp.Diff([]string{".: fmt", "modules/queue: init", "modules/queue: validate", "modules/queue: test"}, runs); diff != "" {
		t.Error(diff)
	}
	if pinned, err := os.ReadFile(filepath.Join(c.copy, "modules/queue/.terraform.lock.hcl")); err != nil || string(pinned) != lockFile {
		t.Errorf("the module's versions are not pinned: %v", err)
	}
	for _, name := range []string{"terraform.tfstate", ".terraform"} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(c.copy, name)); !os.IsNotExist(err) {
				t.Errorf("%s is in the copy: %v", name, err)
			}
		})
	}
}

func TestAFailedCheckReturnsTheToolsOutput(t *testing.T) {
	t.Parallel()
	c, _ := checker(t, map[string]string{"FAKE_OUT": "main.tf\n", "FAKE_ERR": "badly formatted\n", "FAKE_EXIT": "1"})
	output, err := c.Run(t.Context(), CheckStep{".", "fmt"})
	if err == nil || !strings.Contains(err.Error(), "Terraform fmt") || !strings.Contains(output, "main.tf") || !strings.Contains(output, "badly formatted") {
		t.Errorf("%q, %v", output, err)
	}
	if _, err := c.Run(t.Context(), CheckStep{".", "validate"}); err == nil || !strings.Contains(err.Error(), "Terraform init") {
		t.Errorf("a module that cannot be initialized: %v", err)
	}
	if _, err := c.Run(t.Context(), CheckStep{".", "guess"}); err == nil || !strings.Contains(err.Error(), `unknown check "guess"`) {
		t.Errorf("an unknown check: %v", err)
	}
}

func TestACheckerNeedsTheLockFile(t *testing.T) {
	t.Parallel()
	if _, err := NewChecker(Tool{}, "", t.TempDir(), t.TempDir(), ""); err == nil || !strings.Contains(err.Error(), "read the lock file") {
		t.Errorf("error %v", err)
	}
}

func TestShowWritesTheTextOfTheTool(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	b := setup(t, func(o *Options) {
		o.Env["FAKE_SHOW"] = "Plan: 1 to add\n"
	})
	plan, err := b.tf.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.tf.Show(t.Context(), plan, &out); err != nil || out.String() != "Plan: 1 to add\n" {
		t.Errorf("%v: %q", err, out.String())
	}
	calls := b.calls()
	if args := calls[len(calls)-1].Args; args[0] != "show" || slices.Contains(args, "-json") {
		t.Errorf("run %v", args)
	}
}

func TestAFailedPlanReturnsTheDiagnostics(t *testing.T) {
	t.Parallel()
	for name, output := range map[string]string{
		"in its stream": `{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Invalid value"}}`,
		"in plain text": "Error: Invalid value",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(o *Options) {
				events(output)(o)
				o.Env["FAKE_EXIT"] = "1"
			})
			if _, err := b.tf.Plan(t.Context()); err == nil || !strings.Contains(err.Error(), "Terraform plan failed") || !strings.Contains(err.Error(), "Invalid value") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAPlanCountsAndListsTheChanges(t *testing.T) {
	t.Parallel()
	before, _ := flowEvents()
	b := setup(t, func(o *Options) {
		events(before...)(o)
		o.Env["FAKE_SHOW"] = `{"resource_changes": [
			{"address": "a.b", "mode": "managed", "type": "aws_sqs_queue", "change": {"actions": ["create"], "after": {"name": "q"}}},
			{"address": "a.c", "mode": "managed", "type": "aws_sqs_queue", "change": {"actions": ["delete", "create"], "before": {"name": "r"}, "after": {"name": "r"}}},
			{"address": "a.d", "mode": "managed", "type": "aws_sqs_queue", "change": {"actions": ["delete", "create"], "before": {"name": "s"}, "after": {"name": "t"}}}]}`
	})
	p, err := b.tf.Plan(t.Context())
	if err != nil || p.Add != 8 || len(p.Changes) != 8 {
		t.Fatalf("%+v, %v", p, err)
	}
	if got := p.Changes[0]; got.Address != `module.queues.aws_sqs_queue.this["source"]` || got.Action != "create" {
		t.Errorf("first change %+v", got)
	}
	want := []PlannedCreate{
		{Address: "a.b", Type: "aws_sqs_queue", After: Attributes{Name: "q"}},
		{Address: "a.d", Type: "aws_sqs_queue", After: Attributes{Name: "t"}},
	}
	if diff := cmp.Diff(want, p.Creates); diff != "" {
		t.Error(diff)
	}
	var text strings.Builder
	p.Render(&text)
	if !strings.Contains(text.String(), `    + module.queues.aws_sqs_queue.this["source"]`) || !strings.Contains(text.String(), "8 to create, 0 to change, 0 to remove") {
		t.Errorf("rendered as %s", text.String())
	}
}

func TestApplyAndDestroyReportTheirChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, events(`{"type":"change_summary","changes":{"add":3,"change":2,"remove":1,"operation":"apply"}}`))
	want := Result{Created: 3, Changed: 2, Removed: 1}
	for verb, run := range map[string]func() (Result, error){
		"apply": func() (Result, error) { return b.tf.Apply(t.Context(), nil) }, "destroy": func() (Result, error) { return b.tf.Destroy(t.Context()) },
	} {
		t.Run(verb, func(t *testing.T) {
			got, err := run()
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s: %v\n%s", verb, err, diff)
			}
		})
	}
	if !strings.Contains(b.printed.String(), "3 created, 2 changed, 1 removed") {
		t.Errorf("printed %s", b.printed.String())
	}
}
