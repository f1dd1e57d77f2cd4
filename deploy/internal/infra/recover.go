package infra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/internal/atomicfile"
)

// Recover repairs the state after a run that was interrupted:
//
//   - A truncated state is replaced by the newest complete one or, if there is none, by
//     an empty one. The journal then shows what was created; see Ours.
//   - A state that Terraform could not save, errored.tfstate, replaces the older one.
//   - The mark for replacement is removed from resources whose creation was
//     interrupted. They exist, and the next run updates what differs. Terraform would
//     delete them and create them again, queues together with their messages.
//
// It must be called after Init, and reports through Progress what it did.
func (t *Terraform) Recover(ctx context.Context) error {
	if err := t.restoreState(ctx); err != nil {
		return err
	}
	if err := t.cacheState(ctx); err != nil {
		return err
	}
	return t.untaint(ctx)
}

// Untaint removes the mark for replacement from resources whose creation was
// interrupted. Call it right after the interrupt, for users who then run Terraform by
// hand on the same state.
func (t *Terraform) Untaint(ctx context.Context) error {
	if err := t.cacheState(ctx); err != nil {
		return err
	}
	return t.untaint(ctx)
}

// untaint edits the local state, or the copy of a remote one, and pushes the result.
func (t *Terraform) untaint(ctx context.Context) error {
	body, err := os.ReadFile(t.State())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}

	// Nothing to do where no resource is marked.
	edited, untainted, err := untaintState(body)
	if err != nil || len(untainted) == 0 {
		return err
	}

	// Push the state instead of writing the file: the backend may be remote, and the tool
	// checks lineage and serial.
	file := filepath.Join(t.Folder, "untainted.tfstate")
	if err := atomicfile.Write(file, edited); err != nil {
		return hint.With(fmt.Errorf("write state: %w", err), "free some disk space")
	}
	defer os.Remove(file)

	if err := t.run(ctx, "state", "push", file); err != nil {
		return err
	}

	for _, address := range untainted {
		t.Progress.Say("%s was created and stays: it was interrupted before Terraform could confirm it", address)
	}

	return t.cacheState(ctx)
}

// readable lists the resource types whose settings the provider reads back completely:
// an update completes a resource whose creation was interrupted.
var readable = map[string]bool{
	"aws_cloudwatch_composite_alarm":            true,
	"aws_cloudwatch_dashboard":                  true,
	"aws_cloudwatch_log_group":                  true,
	"aws_cloudwatch_log_metric_filter":          true,
	"aws_cloudwatch_metric_alarm":               true,
	"aws_iam_policy":                            true,
	"aws_iam_role":                              true,
	"aws_iam_role_policy":                       true,
	"aws_iam_role_policy_attachment":            true,
	"aws_lambda_alias":                          true,
	"aws_lambda_event_source_mapping":           true,
	"aws_lambda_function":                       true,
	"aws_lambda_function_event_invoke_config":   true,
	"aws_lambda_function_recursion_config":      true,
	"aws_lambda_permission":                     true,
	"aws_sns_topic":                             true,
	"aws_sqs_queue":                             true,
	"aws_sqs_queue_policy":                      true,
	"aws_sqs_queue_redrive_allow_policy":        true,
	"aws_sqs_queue_redrive_policy":              true,
	"terraform_data":                            true,
	"aws_cloudwatch_log_subscription_filter":    true,
	"aws_lambda_provisioned_concurrency_config": true,
}

// untaintState edits a state so that no resource is marked for replacement. It also
// removes a deposed object that is the same as the current one: with
// create_before_destroy, CreateQueue returns the queue that exists, and Terraform
// would then delete it as the old one. It returns the addresses of what it edited;
// if there are none, edited is nil.
func untaintState(body []byte) (edited []byte, untainted []string, err error) {
	// What is not edited is written back as it was, in its encoded form.
	var s stateFile
	var state map[string]json.RawMessage
	var resources, instances []map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(body, &s), json.Unmarshal(body, &state)); err != nil {
		return nil, nil, fmt.Errorf("read state: %w", err)
	}

	if err := json.Unmarshal(state["resources"], &resources); len(s.Resources) > 0 && err != nil {
		return nil, nil, fmt.Errorf("read the state's resources: %w", err)
	}

	for n, r := range s.Resources {
		if !r.managed() || !readable[r.Type] || len(r.Instances) == 0 {
			continue
		}

		if err := json.Unmarshal(resources[n]["instances"], &instances); err != nil {
			return nil, nil, fmt.Errorf("read the state's instances: %w", err)
		}

		left, addresses := untaintInstances(r, instances)
		if resources[n]["instances"], err = json.Marshal(left); err != nil {
			return nil, nil, fmt.Errorf("write state: %w", err)
		}

		untainted = append(untainted, addresses...)
		instances = nil
	}

	if len(untainted) == 0 {
		return nil, nil, nil
	}

	// Terraform accepts a pushed state only with a higher serial.
	if state["serial"], err = json.Marshal(s.Serial + 1); err != nil {
		return nil, nil, fmt.Errorf("write state: %w", err)
	}

	if state["resources"], err = json.Marshal(resources); err != nil {
		return nil, nil, fmt.Errorf("write state: %w", err)
	}

	edited, err = json.MarshalIndent(state, "", "  ")
	if err != nil {
		return nil, nil, fmt.Errorf("write state: %w", err)
	}

	return append(edited, '\n'), untainted, nil
}

// untaintInstances is untaintState for one resource. instances are r.Instances in their
// encoded form, which it edits. It returns the instances that remain in the state.
func untaintInstances(r stateResource, instances []map[string]json.RawMessage) (left []map[string]json.RawMessage, untainted []string) {
	current := map[any]string{} // ids of current objects, by index key
	for _, i := range r.Instances {
		if i.Deposed == "" {
			current[i.Key] = i.Attributes.ID
		}
	}

	for n, i := range r.Instances {
		id, exists := current[i.Key]
		switch {
		case i.Deposed != "" && !exists:
			// Only the old object is left: it becomes the current one.
			delete(instances[n], "deposed")
			current[i.Key] = i.Attributes.ID
			untainted = append(untainted, i.address(r))
		case i.Deposed != "" && id != "" && id == i.Attributes.ID:
			untainted = append(untainted, i.address(r))
			continue // the old object is the current one
		case i.Deposed == "" && i.Status == "tainted":
			delete(instances[n], "status")
			untainted = append(untainted, i.address(r))
		}

		left = append(left, instances[n])
	}

	return left, untainted
}

// restoreState replaces a state that is cut off, or older than one that Terraform could
// not save.
func (t *Terraform) restoreState(ctx context.Context) error {
	errored := filepath.Join(t.Folder, erroredName)

	// A remote backend replaces its state as a whole: only a state that could not be pushed is
	// of interest.
	if len(t.Backend) > 0 {
		if _, err := readState(errored); err != nil {
			return nil // there is none, or it is cut off
		}
		if err := t.run(ctx, "state", "push", errored); err != nil {
			return err
		}
		t.Progress.Say("restored the state that an earlier run could not save")
		return os.Remove(errored)
	}

	// A local state can be cut off, older than errored.tfstate, or missing.
	state, err := readState(t.State())
	switch {
	case err == nil:
		if newer, err := readState(errored); err != nil || newer.Lineage != state.Lineage || newer.Serial <= state.Serial {
			return nil
		}
		return t.useState(errored, "restored the state that an earlier run could not save")
	case errors.Is(err, fs.ErrNotExist):
		if _, err := readState(errored); err != nil {
			return nil
		}
		return t.useState(errored, "restored the state that an earlier run could not save")
	case !errors.Is(err, errCutOff):
		return err
	}

	// The state is cut off. Move it away instead of deleting it: a person may want to
	// read it.
	damaged := t.State() + ".damaged-" + time.Now().UTC().Format("20060102T150405Z")
	if err := os.Rename(t.State(), damaged); err != nil {
		return fmt.Errorf("move the damaged state: %w", err)
	}

	// Use the newest complete state.
	for _, candidate := range []string{errored, t.State() + ".backup"} {
		if _, err := readState(candidate); err == nil {
			return t.useState(candidate, fmt.Sprintf("the state was cut off (moved to %s): restored it from %s", damaged, filepath.Base(candidate)))
		}
	}

	// Without any state, the journal shows whether resources can be found again.
	intended, err := readJournal(t.journalPath())
	if err != nil {
		return err
	}

	if len(intended) == 0 {
		if err := os.Rename(damaged, t.State()); err != nil {
			return fmt.Errorf("move the damaged state back: %w", err)
		}
		return hint.New("the state "+t.State()+" is damaged, and there is neither a backup nor a journal of what was created",
			"restore a copy of the state, or delete the file, deploy again and import what is reported to exist; for the embedded AWS, reliableq down --wipe removes everything")
	}

	t.Progress.Say("the state was cut off (moved to %s): the journal has what was created", damaged)
	return nil
}

// useState makes the state at path the deployment's, and reports text.
func (t *Terraform) useState(path, text string) error {
	body, err := os.ReadFile(path)
	if err == nil {
		err = atomicfile.Write(t.State(), body)
	}
	if err != nil {
		return hint.With(fmt.Errorf("restore state: %w", err), "free some disk space")
	}
	t.Progress.Say("%s", text)
	if filepath.Base(path) == erroredName {
		return os.Remove(path)
	}
	return nil
}

// RemoveJournal removes the journal. Call it when a plan has nothing left to create: the
// state then has everything that earlier runs were about to create.
func (t *Terraform) RemoveJournal() error {
	if err := os.Remove(t.journalPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the journal: %w", err)
	}
	return nil
}
