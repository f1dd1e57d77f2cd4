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
	Terraform bool   `help:"Name a configuration as well with which plain terraform finds the provider on this machine, if there is a copy."`
	Shell     string `enum:"posix,fish" default:"posix" help:"Print lines for bash, zsh, dash and the like (posix), or for fish (${default})."`
	JSON      bool   `name:"json" help:"Print a JSON object instead of shell lines."`
}

// Help tells more about the verb.
func (*envVerb) Help() string {
	return `Unsets what else could lead to another AWS: profiles, AWS_ENDPOINT_URL_SQS and the like. If no embedded AWS runs, it prints
an address that refuses every call, fails, and lets eval fail: what follows cannot reach AWS by mistake.

Examples:
  eval "$(reliableq env)"
  aws lambda list-functions
  reliableq env --shell fish | source`
}

func (v *envVerb) Run(a *app) error {
	t, config, err := v.find()
	if err != nil {
		return errors.Join(err, v.print(a, target.Nowhere(os.Getenv("AWS_REGION")), "", true))
	}
	return v.print(a, t, config, false)
}

// find returns the embedded AWS of the state folder, and the path of a
// configuration for Terraform where one was asked for and is of use.
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

// print writes how to reach t. With failed, lines for a shell end in a command
// that fails.
func (v *envVerb) print(a *app, t *target.Target, config string, failed bool) error {
	set, unset := t.Shell(os.Environ())
	if t.ControlToken != "" {
		set["RELIABLEQ_CONTROL_TOKEN"] = t.ControlToken
	}
	if config != "" {
		set["TF_CLI_CONFIG_FILE"] = config
	}
	return a.report(v.JSON, set, func() { // a shell reads it: nothing may be written in another way
		export, remove := "export %s=%s\n", "unset %s\n"
		if v.Shell == "fish" {
			export, remove = "set -gx %s %s\n", "set -e %s\n"
		}
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

// shellName matches what a shell can unset. A variable with another name was not
// set by a shell.
var shellName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// byImportance orders variables: what every user looks for comes first.
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

// terraformConfig writes a configuration that names a local mirror of the
// provider, and returns its path; empty when there is no mirror, or when the
// user's own configuration says where providers come from.
func (v *envVerb) terraformConfig(stateDir string) (string, error) {
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

// quote makes s one word of a POSIX shell, or of fish, whatever it holds.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
