package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

type envVerb struct {
	stateFlags
	projectFlags
	Terraform bool   `help:"Also name a configuration with which plain terraform uses the provider on this machine, if there is a copy."`
	Shell     string `enum:"posix,fish" default:"posix" help:"Print lines for bash, zsh, dash and the like (posix), or for fish (${default})."`
	JSON      bool   `name:"json" help:"Print a JSON object instead of shell lines."`
}

// Help is the long help of the verb.
func (*envVerb) Help() string {
	return `Unsets variables that could send calls to another AWS: profiles, AWS_ENDPOINT_URL_SQS and the like. If no embedded AWS is running,
it prints an address that refuses every call, and eval fails: the commands that follow cannot reach AWS by mistake.

Examples:
  eval "$(reliableq env)"
  aws lambda list-functions
  reliableq env --shell fish | source`
}

// Run prints the variables.
func (v *envVerb) Run(a *app) error {
	t, config, err := v.find()
	if err != nil {
		return errors.Join(err, v.print(a, target.Unreachable(os.Getenv("AWS_REGION")), "", true))
	}
	return v.print(a, t, config, false)
}

// find returns the embedded AWS of the state directory, and the path of a
// configuration for Terraform, if one was asked for and there is a mirror.
func (v *envVerb) find() (t *target.Target, config string, err error) {
	dir, err := v.stateDir()
	if err != nil {
		return nil, "", err
	}

	info, err := daemon.In(dir).Running()
	if errors.Is(err, daemon.ErrNotRunning) {
		return nil, "", hint.With(fmt.Errorf("%w for %s", err, dir), "start it with reliableq local start")
	}
	if err != nil {
		return nil, "", err
	}

	if v.Terraform {
		if config, err = v.terraformConfig(dir); err != nil {
			return nil, "", err
		}
	}

	return target.FromDaemon(info, os.Getenv("AWS_REGION")), config, nil
}

// print writes the variables with which programs reach t. With failed, the lines for
// a shell end with a command that fails.
func (v *envVerb) print(a *app, t *target.Target, config string, failed bool) error {
	// The control token is for the verbs clock and fault, and for tests.
	set, unset := t.Shell(os.Environ())
	if t.ControlToken != "" {
		set["RELIABLEQ_CONTROL_TOKEN"] = t.ControlToken
	}
	if config != "" {
		set["TF_CLI_CONFIG_FILE"] = config
	}

	// A shell reads the lines: they are written without escapes for terminals.
	return a.report(v.JSON, set, func() {
		export := "export %s=%s\n"
		remove := "unset %s\n"
		if v.Shell == "fish" {
			export = "set -gx %s %s\n"
			remove = "set -e %s\n"
		}

		// Set first: a shell that stops at an error must not reach AWS.
		for _, name := range slices.SortedFunc(maps.Keys(set), byImportance) {
			fmt.Fprintf(a.out.exact, export, name, quote(set[name]))
		}

		for _, name := range unset {
			if shellName.MatchString(name) {
				fmt.Fprintf(a.out.exact, remove, name)
			}
		}

		if failed {
			fmt.Fprintln(a.out.exact, "false")
		}
	})
}

// shellName matches the names that a shell can unset. A variable with another name
// was not set by a shell.
var shellName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// byImportance compares variables: those that every user looks for come first.
func byImportance(a, b string) int {
	first := []string{"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"}
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		return len(first)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// terraformConfig writes a configuration that names a local mirror of the provider,
// and returns its path. The path is empty when there is no mirror, or when the user's
// own configuration chooses where providers come from.
func (v *envVerb) terraformConfig(stateDir string) (string, error) {
	// The lock file of the root module has the provider's version.
	proj, err := v.project()
	if err != nil {
		return "", err
	}
	mirror, err := infra.FindMirror(toolFlags{}.mirrorSearch(proj.Terraform()))
	if err != nil || mirror == "" {
		return "", err
	}
	path := filepath.Join(stateDir, "terraform", "cli.tfrc")
	return path, infra.WriteCLIConfig(path, mirror)
}

// quote returns s as one word of a POSIX shell or fish, whatever it holds.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
