package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
)

type envVerb struct {
	stateFlags
	projectFlags
	Terraform bool `help:"Name a configuration as well with which plain terraform finds the provider on this machine, if there is a copy."`
	JSON      bool `name:"json" help:"Print a JSON object instead of shell lines."`
}

// Help tells more about the verb.
func (*envVerb) Help() string {
	return `Example:
  eval "$(reliableq env)"
  aws lambda list-functions`
}

func (v *envVerb) Run(a *app) error {
	dir, err := v.stateDir()
	if err != nil {
		return err
	}
	info, err := daemon.In(dir).Running()
	if errors.Is(err, daemon.ErrNotRunning) {
		return hint.With(fmt.Errorf("%w for %s", err, dir), "start it with reliableq local start")
	}
	if err != nil {
		return err
	}
	region := info.Region
	if r := os.Getenv("AWS_REGION"); r != "" {
		region = r
	}
	result := struct {
		Endpoint string `json:"AWS_ENDPOINT_URL"`
		ID       string `json:"AWS_ACCESS_KEY_ID"`
		Secret   string `json:"AWS_SECRET_ACCESS_KEY"`
		Region   string `json:"AWS_REGION"`
		Default  string `json:"AWS_DEFAULT_REGION"` // the only one that botocore reads: boto3, the AWS CLI
		Config   string `json:"TF_CLI_CONFIG_FILE,omitempty"`
		Control  string `json:"RELIABLEQ_CONTROL_TOKEN"`
	}{info.URL, info.AccessKeyID, info.SecretAccessKey, region, region, "", info.ControlToken}
	if v.Terraform {
		if result.Config, err = v.terraformConfig(dir); err != nil {
			return err
		}
	}
	return a.report(v.JSON, result, func() {
		for _, pair := range [][2]string{
			{"AWS_ENDPOINT_URL", result.Endpoint}, {"AWS_ACCESS_KEY_ID", result.ID},
			{"AWS_SECRET_ACCESS_KEY", result.Secret}, {"AWS_REGION", result.Region},
			{"AWS_DEFAULT_REGION", result.Default}, {"TF_CLI_CONFIG_FILE", result.Config},
			{"RELIABLEQ_CONTROL_TOKEN", result.Control},
		} {
			if pair[1] == "" {
				continue
			}
			fmt.Fprintf(a.out, "export %s=%s\n", pair[0], quote(pair[1]))
		}
		for _, other := range []string{"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"} {
			if os.Getenv(other) != "" {
				fmt.Fprintln(a.out, "unset "+other) // it would win over what is above, or spoil the signature
			}
		}
	})
}

// terraformConfig writes a configuration that names a local mirror of the
// provider, and answers its path; empty when there is no mirror, or when the
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

// quote makes s one word of a POSIX shell, whatever it holds.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
