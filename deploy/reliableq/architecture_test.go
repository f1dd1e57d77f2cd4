package main

import (
	"os"
	"path/filepath"
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
		for source, args := range map[string][]string{
			"--var architecture": {"--var", "architecture=" + other},
			file:                 {"--var-file", file},
		} {
			t.Run(verb+" "+args[0], func(t *testing.T) {
				got := w.deploying(verb, args...)
				got.want(t, exitFailed, source+" sets architecture "+other+", but the functions are built for "+ours, "hint: build for it with --arch "+other)
			})
		}
	}
	if calls := w.calls(); len(calls) > 0 {
		t.Errorf("Terraform was run before the error: %q", calls)
	}
	if _, err := os.Stat(filepath.Join(w.project, "dist")); err == nil {
		t.Error("functions were built before the error")
	}
}
