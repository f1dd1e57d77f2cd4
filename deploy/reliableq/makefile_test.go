package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The verb up builds the functions and reports what it built: a target that builds
// them first would report everything twice.
func TestMakeDeployBuildsTheFunctionsOnce(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^deploy: \$\(RELIABLEQ\) ##`).Match(body) {
		t.Error("make deploy needs more than the command")
	}
}

// No target of the Makefile confirms for the user: with ARGS, each may change a real
// account.
func TestTheMakefileConfirmsNothing(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), "$(RELIABLEQ) down $(ARGS)") {
		t.Error("make destroy does not call down: the test reads the wrong file")
	}
	confirmations := regexp.MustCompile(`--yes\b|\s-y\b|-auto-approve|\byes \||-force\b`)
	for line := range strings.Lines(string(body)) {
		if found := confirmations.FindString(line); strings.HasPrefix(line, "\t") && found != "" {
			t.Errorf("%q confirms for the user: %s", found, line)
		}
	}
}
