package main

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/bundle"
	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/clock"
)

// Binaries for one architecture are never deployed as those of another: the
// functions would fail at each start, and messages go to the dead-letter queue.
func TestBinariesOfAnotherArchitectureAreNotDeployed(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage).deployed()
	ours := bundle.Host().Lambda()
	other := map[string]string{"x86_64": "arm64", "arm64": "x86_64"}[ours]
	file := filepath.Join(t.TempDir(), "other.tfvars")
	w.write(file, "architecture = \""+other+"\"\n")

	for _, verb := range []string{"up", "plan", "demo"} {
		w.deploying(verb, "--var", "architecture="+other).want(t, exitFailed, "a.zip is for "+ours+", and function a is deployed for "+other, "hint: deploy with --arch "+ours)
		w.deploying(verb, "--var-file", file).want(t, exitFailed, "asks for architecture "+other, "hint: build for it with --arch "+other)
	}
	if calls := w.calls(); slices.Contains(calls, "apply") || slices.Contains(calls, "plan") {
		t.Errorf("Terraform was asked to %q", calls)
	}
}
