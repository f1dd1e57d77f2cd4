package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/clock"
)

// A state directory without a state shows the outputs of a deployment whose state is
// in S3, if the backend is named. Afterwards the directory has the backend's
// configuration.
func TestOutputsAreReadFromABackend(t *testing.T) {
	w := setup(t, clock.Skip, consume.PerMessage)
	id, secret := w.AWS.Credentials()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL":            w.AWS.URL(),
		"AWS_ACCESS_KEY_ID":           id,
		"AWS_SECRET_ACCESS_KEY":       secret,
		"AWS_REGION":                  w.AWS.Region(),
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	outputs := func(args ...string) result {
		return w.deploying("outputs", append(args, "--target", "endpoint")...)
	}
	backend := []string{"--backend-config", "bucket=states", "--backend-config", "key=reliableq.tfstate"}

	outputs("queue_path").want(t, exitFailed, "nothing is deployed")

	w.write(filepath.Join(w.bin, "pulled"), w.stateFile())
	got := outputs(append(backend, "queue_path", "--json")...)
	got.want(t, exitDone, w.Deployment.DLQ()[strings.LastIndex(w.Deployment.DLQ(), "/")+1:])
	if calls := w.calls(); !slices.Equal(calls, []string{"init", "state"}) {
		t.Errorf("Terraform was run with %q, want init and state pull", calls)
	}

	body, err := os.ReadFile(filepath.Join(w.bin, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{"-backend-config=bucket=states", "-backend-config=key=reliableq.tfstate", "-backend-config=use_lockfile=true"} {
		if !strings.Contains(string(body), setting) {
			t.Errorf("init was not given %s:\n%s", setting, body)
		}
	}

	outputs("queue_path").want(t, exitDone)
	outputs("--backend-config", "bucket=other", "--backend-config", "key=k", "queue_path").want(t, exitFailed, "is in another backend")
	w.deploying("outputs", backend...).want(t, exitUsage, "--backend-config is for AWS")
}
