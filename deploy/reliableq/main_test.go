package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/reliableq/reliableq/deploy/internal/supervise"
)

var update = flag.Bool("update", false, "write what is printed into the scripts' golden files")

// TestMain makes the test binary the command in scripts, and a fake of Terraform if it
// is called by that name.
func TestMain(m *testing.M) {
	if calls := os.Getenv("RELIABLEQ_TEST_CALLS"); calls != "" && filepath.Base(os.Args[0]) != "reliableq" {
		os.Exit(callAWS(calls))
	}
	supervise.Main()
	if filepath.Base(os.Args[0]) == "terraform" {
		os.Exit(terraform(filepath.Dir(os.Args[0]), os.Args[1:]))
	}
	testscript.Main(m, map[string]func(){"reliableq": main})
}

// Each script runs the command as a user or a program does.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			// The output must not depend on the width of a terminal or on the AWS
			// settings of the computer.
			env.Setenv("COLUMNS", "100")
			for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"} {
				env.Setenv(name, "")
			}
			for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
				env.Setenv(name, os.DevNull)
			}
			// Functions are built with the Go caches of the computer.
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS"} {
				env.Setenv(name, os.Getenv(name))
			}
			return nil
		},
	})
}
