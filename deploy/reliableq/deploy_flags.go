package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/bundle"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/project"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

// deployFlags are shared by the verbs that deploy or remove a deployment.
type deployFlags struct {
	targetFlags
	projectFlags
	archFlags
	toolFlags
	varFlags
	backendFlags
	reportFlags
	Yes    bool   `short:"y" help:"Do not ask before changing anything but the embedded AWS."`
	Listen string `placeholder:"ADDR" help:"Address for a newly started embedded AWS; default: its last one, or 127.0.0.1:4566."`
}

// toolFlags choose Terraform and the source of its provider.
type toolFlags struct {
	Tool           string `env:"RELIABLEQ_TOOL" placeholder:"TOOL" help:"terraform, tofu, or a path; default: the one on PATH, else a download."`
	ProviderMirror string `env:"RELIABLEQ_PROVIDER_MIRROR" placeholder:"DIR" help:"Local mirror of the AWS provider; default: the usual directories, then the registry."`
}

// find returns the tool and a local mirror of the provider for a root module.
func (f toolFlags) find(ctx context.Context, p *progress.Progress, root, stateDir string) (infra.Tool, string, error) {
	tool, err := infra.FindTool(ctx, infra.ToolSearch{
		Want:       f.Tool,
		Path:       os.Getenv("PATH"),
		Downloaded: filepath.Join(stateDir, "terraform", "bin"),
		Say:        p.Say,
	})
	if err != nil {
		return infra.Tool{}, "", err
	}
	mirror, err := infra.FindMirror(f.mirrorSearch(root))
	return tool, mirror, err
}

// mirrorSearch searches the usual directories, unless the user's own configuration
// of Terraform says where providers come from.
func (f toolFlags) mirrorSearch(root string) infra.MirrorSearch {
	s := infra.MirrorSearch{Explicit: f.ProviderMirror, Root: root}

	// A configuration of the user's own has priority over a search.
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // without a home directory, search the other directories
	}
	if infra.HasInstallation(os.Getenv("TF_CLI_CONFIG_FILE"), home) {
		return s
	}

	// The usual directories: beside this program, in the home directory, in the system.
	s.Home = home
	s.Roots = infra.SystemRoots()
	if exe, err := os.Executable(); err == nil {
		s.Beside = filepath.Dir(exe)
	}

	data := os.Getenv("XDG_DATA_HOME")
	if data == "" && home != "" {
		data = filepath.Join(home, ".local", "share")
	}

	s.DataDirs = append([]string{data}, filepath.SplitList(os.Getenv("XDG_DATA_DIRS"))...)
	return s
}

// options returns the options for Terraform that do not depend on the target. root is the
// root module. It also reports the environment's variables that are ignored.
func (f toolFlags) options(ctx context.Context, p *progress.Progress, root, stateDir string) (infra.Options, error) {
	tool, mirror, err := f.find(ctx, p, root, stateDir)
	if err != nil {
		return infra.Options{}, err
	}

	// Variables for Terraform in the environment would change a deployment unseen: they are
	// removed, and reported.
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "TF_VAR_") {
			p.Say("%s is ignored: set variables with --var or --var-file", name)
		}
	}

	return infra.Options{
		Root:     root,
		Tool:     tool,
		Mirror:   mirror,
		Plugins:  filepath.Join(stateDir, "terraform", "providers"),
		Progress: p,
	}, nil
}

// backendFlags choose where Terraform stores the state.
type backendFlags struct {
	BackendConfig []string `sep:"none" placeholder:"KEY=VALUE|FILE" help:"Store the state in S3: a setting of Terraform's s3 backend (bucket, key, region ...), or a file of them; repeatable. Later runs of this deployment use it too."`
}

func (f backendFlags) check(kind target.Kind) error {
	if len(f.BackendConfig) > 0 && kind == target.Embedded {
		return usageError{hint.New("--backend-config is for AWS: the embedded AWS has no S3", "leave it out, or use --target aws")}
	}
	return nil
}

// varFlags set variables of the root module.
type varFlags struct {
	Var              []string `sep:"none" placeholder:"NAME=VALUE" help:"Set a variable of the root module; repeatable."`
	VarFile          []string `type:"existingfile" sep:"none" placeholder:"FILE" help:"Set variables from a tfvars file, as in terraform/profiles; repeatable."`
	FailureReporting string   `enum:"per_message,whole_batch," default:"" help:"How the consumer reports failures: per_message, or whole_batch (one bad message fails its batch)."`
}

// vars returns the assignments for Terraform. What the user sets comes last and wins.
// It refuses an architecture other than the one that the functions are built for.
func (f varFlags) vars(proj project.Project, prefix string, platform bundle.Platform) ([]string, error) {
	vars := []string{"architecture=" + platform.Lambda(), "dist_dir=" + proj.Dist()}
	if prefix != "" {
		vars = append(vars, "name_prefix="+prefix)
	}
	if f.FailureReporting != "" {
		vars = append(vars, "failure_reporting="+f.FailureReporting)
	}

	// A file's architecture would override the one that the binaries have.
	for _, path := range f.VarFile {
		body, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read variables: %w", err)
		}

		if m := architectureInFile.FindSubmatch(body); m != nil {
			if err := checkArchitecture(path, string(m[1]), platform); err != nil {
				return nil, err
			}
		}
	}

	// Assignments of the user come last and win, with two exceptions.
	for _, v := range f.Var {
		name, value, ok := strings.Cut(v, "=")
		if !ok {
			return nil, usageError{hint.New(fmt.Sprintf("--var %q is not NAME=VALUE", v), "write it as --var batch_size=10")}
		}

		switch strings.TrimSpace(name) {
		case "name_prefix":
			return nil, usageError{hint.New("--var name_prefix would share the state of another prefix", "use --name-prefix: each prefix has its own state")}
		case "architecture":
			if err := checkArchitecture("--var "+name, strings.Trim(strings.TrimSpace(value), `"`), platform); err != nil {
				return nil, err
			}
		}

		vars = append(vars, v)
	}

	return vars, nil
}

// architectureInFile matches the architecture in a tfvars file, HCL or JSON.
var architectureInFile = regexp.MustCompile(`(?m)^\s*"?architecture"?\s*[=:]\s*"([^"]*)"`)

// checkArchitecture refuses an architecture that source sets and that the functions
// are not built for: their binaries would fail at each start.
func checkArchitecture(source, architecture string, platform bundle.Platform) error {
	if architecture == platform.Lambda() {
		return nil
	}
	return hint.New(fmt.Sprintf("%s sets architecture %s, but the functions are built for %s", source, architecture, platform.Lambda()),
		fmt.Sprintf("build for it with --arch %s, or remove this setting", architecture))
}
