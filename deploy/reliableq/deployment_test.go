package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/flowtest"
	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/localaws/clock"
)

// terraform is a fake of Terraform. Its directory has the events of an apply and the
// state after it, and it records there how it was called.
func terraform(dir string, args []string) int {
	read := func(name string) []byte {
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil
		}
		return body
	}
	put := func(path string, body []byte) {
		if err := os.WriteFile(path, body, 0o600); err != nil {
			panic(err)
		}
	}
	if args[0] == "version" {
		fmt.Println(`{"terraform_version":"1.11.4","provider_selections":{}}`)
		return 0
	}
	put(filepath.Join(dir, "calls"), append(read("calls"), strings.Join(args, " ")+"\n"...))
	state := ""
	if backend, err := os.ReadFile("reliableq_override.tf"); err == nil {
		_, rest, _ := strings.Cut(string(backend), "path = \"")
		state, _, _ = strings.Cut(rest, "\"")
	}
	if failure := read(args[0] + ".fails"); failure != nil {
		fmt.Printf("%s", failure)
		return 1
	}
	switch args[0] {
	case "apply":
		fmt.Printf("%s", read("events"))
		put(state, read("state"))
	case "destroy":
		fmt.Println(`{"type":"change_summary","changes":{"remove":7,"operation":"destroy"}}`)
		put(state, []byte(`{"version":4,"resources":[]}`))
	case "plan":
		fmt.Printf("%s", read("plan"))
		if slices.Contains(args, "-detailed-exitcode") && read("unchanged") == nil {
			return 2
		}
	case "show":
		fmt.Printf("%s", read("shown"))
	case "state":
		if args[1] == "pull" {
			fmt.Printf("%s", read("pulled"))
		}
	}
	return 0
}

// deployment is a flow on an embedded AWS that the command finds as its own, with a
// project to deploy from and a fake Terraform. The resources exist from the start;
// only the state does not.
type deployment struct {
	*flowtest.Flow
	t                   *testing.T
	state, project, bin string
	claim               *daemon.Registration
	info                daemon.Info
}

func setup(t *testing.T, mode clock.Mode, reporting string) *deployment {
	t.Helper()
	dir := t.TempDir()
	w := &deployment{
		Flow: flowtest.Deploy(t, mode, reporting), t: t,
		state: filepath.Join(dir, "state"), project: filepath.Join(dir, "project"), bin: filepath.Join(dir, "bin"),
	}
	info := w.announce(mode)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{
		"project/go.mod":                        "module example.com/p\n\ngo 1.24\n",
		"project/functions/a/main.go":           "package main\n\nfunc main() {}\n",
		"project/terraform/main.tf":             "# root\n",
		"project/terraform/.terraform.lock.hcl": "provider \"registry.terraform.io/hashicorp/aws\" {\n  version = \"5.100.0\"\n}\n",
		"bin/state":                             w.stateFile(),
		"bin/events":                            w.events(),
		"mirror/registry.terraform.io/hashicorp/aws/5.100.0/" + runtime.GOOS + "_" + runtime.GOARCH + "/terraform-provider-aws": "",
	} {
		w.write(filepath.Join(dir, path), body)
	}
	if err := os.Symlink(exe, filepath.Join(w.bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	if got := target.FromDaemon(info, "").Folder(w.state, ""); !strings.HasPrefix(got, w.state) {
		t.Fatalf("state in %s", got)
	}
	return w
}

func (w *deployment) write(path, body string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// announce records this process as the server of the state directory.
func (w *deployment) announce(mode clock.Mode) daemon.Info {
	w.t.Helper()
	var err error
	if w.claim, err = daemon.In(w.state).Claim(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := w.claim.Release(); err != nil {
			w.t.Error(err)
		}
	})
	id, secret := w.AWS.Credentials()
	w.info = daemon.Info{
		PID:             os.Getpid(),
		URL:             w.AWS.URL(),
		AccessKeyID:     id,
		SecretAccessKey: secret,
		ControlToken:    w.AWS.ControlToken(),
		Account:         w.AWS.Account(),
		Region:          w.AWS.Region(),
		Clock:           mode.String(),
	}
	if err := w.claim.Announce(w.info); err != nil {
		w.t.Fatal(err)
	}
	return w.info
}

// stateFile returns the state after an apply, with the root module's outputs.
func (w *deployment) stateFile() string {
	w.t.Helper()
	type output struct {
		Value any `json:"value"`
	}
	body, err := json.Marshal(map[string]any{
		"version": 4,
		"outputs": map[string]output{
			"queue_path": {w.Deployment.Path}, "queue_urls": {w.Deployment.QueueURLs}, "function_names": {w.Deployment.Functions},
			"log_group_names": {w.Deployment.LogGroups}, "mapping_uuids": {w.Deployment.Mappings},
			"failure_reporting": {w.Deployment.FailureReporting},
		},
		"resources": []any{map[string]any{
			"mode": "managed", "type": "aws_sqs_queue", "name": "this",
			"instances": []any{map[string]any{"attributes": map[string]any{"id": w.Deployment.DLQ()}}},
		}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(body)
}

// events returns the events of Terraform while it creates the flow.
func (w *deployment) events() string {
	w.t.Helper()
	var plan, apply strings.Builder
	add := func(module, typ, key, id string) {
		r, err := json.Marshal(map[string]any{
			"addr": module + "." + typ + ".this[" + key + "]", "module": module, "resource_type": typ, "resource_key": key,
		})
		if err != nil {
			w.t.Fatal(err)
		}
		fmt.Fprintf(&plan, `{"type":"planned_change","change":{"resource":%s,"action":"create"}}`+"\n", r)
		fmt.Fprintf(&apply, `{"type":"apply_start","hook":{"resource":%s,"action":"create"}}`+"\n", r)
		fmt.Fprintf(&apply, `{"type":"apply_complete","hook":{"resource":%s,"action":"create","id_value":%q}}`+"\n", r, id)
	}
	for key, url := range w.Deployment.QueueURLs {
		add("module.queues", "aws_sqs_queue", key, url)
	}
	for key, name := range w.Deployment.Functions {
		add("module."+key, "aws_lambda_function", "", name)
	}
	for key, uuid := range w.Deployment.Mappings {
		add("module."+key+"_mapping", "aws_lambda_event_source_mapping", "", uuid)
	}
	n := strings.Count(plan.String(), "\n")
	return plan.String() + fmt.Sprintf(`{"type":"change_summary","changes":{"add":%d,"operation":"plan"}}`+"\n", n) + apply.String() +
		fmt.Sprintf(`{"type":"change_summary","changes":{"add":%d,"operation":"apply"}}`+"\n", n)
}

// deployed writes the state that an apply leaves.
func (w *deployment) deployed() *deployment {
	w.t.Helper()
	t := &target.Target{Kind: target.Embedded, Account: w.AWS.Account(), Region: w.AWS.Region()}
	w.write(filepath.Join(t.Folder(w.state, ""), "terraform.tfstate"), w.stateFile())
	return w
}

// result is the result of a run of the command.
type result struct {
	code      int
	out, errs string
}

// do runs the command.
func (w *deployment) do(args ...string) result {
	w.t.Helper()
	return w.given("", args...)
}

// given is do with text on standard input.
func (w *deployment) given(in string, args ...string) result {
	w.t.Helper()
	var out, errs bytes.Buffer
	code := run(append(args, "--state-dir", w.state), strings.NewReader(in), &out, &errs)
	return result{code, out.String(), errs.String()}
}

// deploying runs a verb that deploys.
func (w *deployment) deploying(verb string, args ...string) result {
	w.t.Helper()
	return w.do(append([]string{
		verb, "--dir", w.project, "--tool", filepath.Join(w.bin, "terraform"), "--provider-mirror", filepath.Join(filepath.Dir(w.bin), "mirror"),
	}, args...)...)
}

// calls returns the verbs with which Terraform was called.
func (w *deployment) calls() []string {
	w.t.Helper()
	body, err := os.ReadFile(filepath.Join(w.bin, "calls"))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	var verbs []string
	for line := range strings.Lines(string(body)) {
		verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		verbs = append(verbs, verb)
	}
	return verbs
}

// want fails the test unless the result has the exit code, and its output has all of the
// texts.
func (a result) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if a.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", a.code, code, a.out, a.errs)
	}
	for _, text := range texts {
		if !strings.Contains(a.out+a.errs, text) {
			t.Errorf("no %q in\n%s%s", text, a.out, a.errs)
		}
	}
}
