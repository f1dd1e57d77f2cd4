package sqsbatch_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Every user of sqsbatch imports its dependencies.
func TestDependencies(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, out)
	}
	found := 0
	for _, path := range strings.Fields(string(out)) {
		switch {
		case strings.HasSuffix(path, "/reliableq/sqsbatch"), strings.HasSuffix(path, "/reliableq/backoff"):
			found++
		case strings.HasPrefix(path, "github.com/aws/aws-lambda-go/"):
			found++
		default:
			t.Errorf("unexpected dependency %s", path)
		}
	}
	if found < 4 { // itself, backoff, events, lambdacontext
		t.Errorf("only %d packages found in %s", found, out)
	}
}
