package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/clock"
)

func TestADemoDeploysAndPrintsAVerdict(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	first := w.deploying("demo", "--fast", "--count", "60", "--bad-ratio", "0.5")
	first.want(t, exitDone, "everything that traffic needs exists: traffic starts now",
		"sent 60 · bad 30 · processed 30 · dead-lettered 30 (good 0) · lost 0 · duplicates 0 · 3 replays each")
	if diff := cmp.Diff([]string{"init", "plan", "apply"}, w.calls()); diff != "" {
		t.Error(diff)
	}
	second := w.deploying("demo", "--fast", "--count", "20", "--json")
	second.want(t, exitDone, "nothing changed since the last deployment")
	if n := len(w.calls()); n != 3 {
		t.Errorf("%d runs of Terraform, want 3: %v", n, w.calls())
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(second.out), &got); err != nil {
		t.Fatalf("%v in %s", err, second.out)
	}
	delete(got, "seconds")
	want := map[string]any{
		"sent": 20., "bad": 1., "processed": 19., "dead_lettered": 1., "dead_lettered_good": 0., "lost": 0., "duplicates": 0., "replays": 3.,
		"replays_least": 3., "replays_total": 3., "replayed_good": 0., "bad_processed": 0., "faults": []any{},
		"mode": "per_message", "seed": 7., "target": "embedded",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestADemoDeploysAgainWhenTheSourcesChanged(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.deploying("demo", "--fast", "--count", "5").want(t, exitDone)
	w.write(filepath.Join(w.project, "terraform", "main.tf"), "# changed\n")
	w.deploying("demo", "--fast", "--count", "5").want(t, exitDone)
	if diff := cmp.Diff([]string{"init", "plan", "apply", "init", "plan", "apply"}, w.calls()); diff != "" {
		t.Error(diff)
	}
	w.deploying("demo", "--fast", "--count", "5", "--var", "batch_size=3").want(t, exitDone)
	if calls := w.calls(); len(calls) != 8 || calls[7] != "apply" {
		t.Errorf("another variable: %v", calls)
	}
}

func TestABadVerdictExitsThree(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.ReplaceHandler("consumer", func(context.Context, []byte) ([]byte, error) { // it deletes every message and logs nothing
		return []byte(`{"batchItemFailures":[]}`), nil
	})
	w.deploying("demo", "--fast", "--count", "3").want(t, exitBadVerdict, "lost 3", "wrong: 3 messages were lost")
}

func TestAWholeBatchDemoReportsGoodMessagesThatFailedWithBadOnes(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.WholeBatch)
	w.deploying("demo", "--fast", "--count", "30", "--bad-ratio", "0.3", "--failure-reporting", "whole_batch").
		want(t, exitDone, "lost 0", "failed because of bad messages in their batch")
}

func TestADemoAdvancesAClockThatDoesNotSkip(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Real, consume.PerMessage)
	w.deploying("demo", "--fast", "--count", "25", "--bad-ratio", "0.9").
		want(t, exitDone, "advancing its clock", "sent 25 · bad 23 · processed 2 · dead-lettered 23 (good 0) · lost 0")
}

func TestADemoInRealTimeRefusesAClockThatSkips(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.deploying("demo", "--count", "2").want(t, exitFailed, "skips time: this demo would not run in real time", "reliableq local stop")
	if calls := w.calls(); len(calls) != 0 {
		t.Errorf("Terraform was run: %v", calls)
	}
}

func TestADemoWithNoKeepIsDestroyed(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.deploying("demo", "--fast", "--count", "2", "--no-keep").want(t, exitDone, "sent 2")
	if diff := cmp.Diff([]string{"init", "plan", "apply", "destroy"}, w.calls()); diff != "" {
		t.Error(diff)
	}
	w.do("outputs").want(t, exitFailed, "nothing is deployed")
}

func TestAFailedDeploymentFailsTheDemo(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.write(filepath.Join(w.bin, "apply.fails"),
		`{"type":"diagnostic","diagnostic":{"severity":"error","summary":"creating SQS Queue","detail":"AccessDenied"}}`+"\n")
	w.deploying("demo", "--fast", "--count", "2").want(t, exitFailed, "error: Terraform apply failed", "creating SQS Queue: AccessDenied", "hint: ")
	w.deploying("demo", "--fast", "--count", "2").want(t, exitFailed) // it is not reported as deployed
}

func TestADemoDeploysAgainWhenTheDeploymentIsIncomplete(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.deploying("demo", "--fast", "--count", "2").want(t, exitDone)
	complete := w.stateFile()
	w.Deployment.Functions["retry_1"] = "gone"
	w.deployed()
	w.write(filepath.Join(w.bin, "state"), complete)
	w.deploying("demo", "--fast", "--count", "2").want(t, exitDone, "the last deployment is incomplete: deploying again")
	if n := len(w.calls()); n != 5 {
		t.Errorf("runs of Terraform: %v", w.calls())
	}
}

func TestUpPrintsTheDeployment(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.deploying("up").want(t, exitDone, "deployed to the embedded AWS at ", "queue    source", "function consumer", "next: reliableq invoke producer")
	got := w.deploying("up", "--json")
	got.want(t, exitDone)
	var up struct {
		Account string
		Changes struct{ Created int }
		Outputs map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(got.out), &up); err != nil || up.Account != w.AWS.Account() || up.Changes.Created != 8 || len(up.Outputs) != 6 {
		t.Errorf("%+v, %v", up, err)
	}
}

func TestPlanChangesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.write(filepath.Join(w.bin, "shown"), "Plan: 8 to add, 0 to change, 0 to destroy.\n")
	got := w.deploying("plan")
	got.want(t, exitDone, "planning for the embedded AWS")
	if got.out != "Plan: 8 to add, 0 to change, 0 to destroy.\n" {
		t.Errorf("printed %q", got.out)
	}
	w.write(filepath.Join(w.bin, "plan"), w.events())
	w.write(filepath.Join(w.bin, "shown"), "{}")
	got = w.deploying("plan", "--json")
	var plan struct {
		Add     int
		Changes []struct{ Address, Action string }
	}
	if err := json.Unmarshal([]byte(got.out), &plan); err != nil || plan.Add != 8 || len(plan.Changes) != 8 || plan.Changes[0].Action != "create" {
		t.Errorf("%+v, %v", plan, err)
	}
	if slices.Contains(w.calls(), "apply") {
		t.Errorf("runs of Terraform: %v", w.calls())
	}
}

func TestDownRemovesWhatTheStateHolds(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.deploying("down").want(t, exitDone, "nothing is deployed to the embedded AWS")
	if calls := w.calls(); len(calls) != 0 {
		t.Errorf("Terraform was run without need: %v", calls)
	}
	w.deployed()
	w.deploying("down").want(t, exitDone, "removed 7 resources from the embedded AWS")
	w.deploying("down", "--json").want(t, exitDone, `"removed": 0`)
}

func TestWipeDeletesOnlyTheStateOfTheEmbeddedAWS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := &deployment{t: t, state: dir}
	for _, path := range []string{"deployments/embedded/1/terraform.tfstate", "deployments/aws/1/terraform.tfstate", "local/data/wal"} {
		w.write(filepath.Join(dir, path), "x")
	}
	w.do("down", "--wipe").want(t, exitDone, "stopped the embedded AWS and deleted its data")
	for path, stays := range map[string]bool{"deployments/embedded": false, "local/data": false, "deployments/aws/1/terraform.tfstate": true} {
		t.Run(path, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(dir, path)); (err == nil) != stays {
				t.Errorf("%s: %v", path, err)
			}
		})
	}
}

func TestVariablesOfTheUserComeLastAndWin(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage)
	w.deploying("up", "--name-prefix", "x_", "--failure-reporting", "per_message", "--var", "batch_size=3").want(t, exitDone)
	body, err := os.ReadFile(filepath.Join(w.bin, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	apply := string(body[strings.Index(string(body), "plan"):])
	at := 0
	for _, want := range []string{"-var architecture=", "-var dist_dir=" + w.project + "/dist", "-var name_prefix=x_", "-var failure_reporting=per_message", "-var batch_size=3"} {
		i := strings.Index(apply[at:], want)
		if i < 0 {
			t.Fatalf("no %q after %q in %s", want, apply[:at], apply)
		}
		at += i
	}
	for _, bad := range []string{"no equals sign", "name_prefix=y"} {
		t.Run(bad, func(t *testing.T) {
			w.deploying("up", "--var", bad).want(t, exitUsage, "hint: ")
		})
	}
}
