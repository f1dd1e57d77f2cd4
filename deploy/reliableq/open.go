package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/bundle"
	"github.com/reliableq/reliableq/deploy/internal/control"
	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/project"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

// targetFlags belong to every verb that talks to AWS.
type targetFlags struct {
	stateFlags
	Target     string `enum:"embedded,aws,endpoint" default:"embedded" env:"RELIABLEQ_TARGET" help:"The AWS in this command (embedded), AWS itself (aws), or what AWS_ENDPOINT_URL names (endpoint)."`
	NamePrefix string `placeholder:"PREFIX" help:"Begins every name, so that several deployments fit in one account; each has a state of its own."`
}

// toolFlags choose Terraform and where its provider comes from.
type toolFlags struct {
	Tool           string `env:"RELIABLEQ_TOOL" placeholder:"TOOL" help:"terraform, tofu, or a path; else what is on PATH, else one that is fetched."`
	ProviderMirror string `env:"RELIABLEQ_PROVIDER_MIRROR" placeholder:"DIR" help:"A local mirror of the AWS provider; else the usual places, then the registry."`
}

// backendFlags say where the state lies.
type backendFlags struct {
	BackendConfig []string `sep:"none" placeholder:"KEY=VALUE|FILE" help:"Keep the state in S3: a setting of Terraform's s3 backend (bucket, key, region ...), or a file of them; may be given more than once. Remembered for this deployment."`
}

func (f backendFlags) check(on string) error {
	if len(f.BackendConfig) > 0 && on == string(target.Embedded) {
		return usageError{hint.New("--backend-config is for AWS: the embedded AWS has no S3", "leave it out, or use --target aws")}
	}
	return nil
}

// varFlags set variables of the root module.
type varFlags struct {
	Var              []string `sep:"none" placeholder:"NAME=VALUE" help:"Set a variable of the root module; may be given more than once."`
	VarFile          []string `type:"existingfile" sep:"none" placeholder:"FILE" help:"Set variables from a tfvars file, as in terraform/profiles."`
	FailureReporting string   `enum:"per_message,whole_batch," default:"" help:"What one bad message does to its batch: per_message or whole_batch."`
}

// vars are the assignments for Terraform. What the user sets comes last and wins.
func (f varFlags) vars(proj project.Project, prefix string, platform bundle.Platform) ([]string, error) {
	vars := []string{"architecture=" + platform.Lambda(), "dist_dir=" + proj.Dist()}
	if prefix != "" {
		vars = append(vars, "name_prefix="+prefix)
	}
	if f.FailureReporting != "" {
		vars = append(vars, "failure_reporting="+f.FailureReporting)
	}
	for _, path := range f.VarFile {
		if err := agreesOnArchitecture(path, platform); err != nil {
			return nil, err
		}
	}
	for _, v := range f.Var {
		name, _, ok := strings.Cut(v, "=")
		if !ok {
			return nil, usageError{hint.New(fmt.Sprintf("--var %q is not NAME=VALUE", v), "write it as --var batch_size=10")}
		}
		if name == "name_prefix" {
			return nil, usageError{hint.New("--var name_prefix would share the state of another prefix", "use --name-prefix, which keeps a state for each")}
		}
		vars = append(vars, v)
	}
	return vars, nil
}

// inVarFile finds the architecture in a tfvars file, of HCL or JSON.
var inVarFile = regexp.MustCompile(`(?m)^\s*"?architecture"?\s*[=:]\s*"([^"]*)"`)

// agreesOnArchitecture refuses a tfvars file that asks for another architecture than
// what the functions are built for, which would win over it.
func agreesOnArchitecture(path string, platform bundle.Platform) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the variables: %w", err)
	}
	if m := inVarFile.FindSubmatch(body); m != nil && string(m[1]) != platform.Lambda() {
		return hint.New(fmt.Sprintf("%s asks for architecture %s, and the functions are built for %s", path, m[1], platform.Lambda()),
			"build for it with --arch "+string(m[1])+", or take it out of the file")
	}
	return nil
}

// architecture is that of the functions, as Lambda spells it: the user's setting,
// else the platform's. The last assignment counts.
func (f varFlags) architecture(platform bundle.Platform) string {
	architecture := platform.Lambda()
	for _, v := range f.Var {
		if name, value, _ := strings.Cut(v, "="); strings.TrimSpace(name) == "architecture" {
			architecture = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return architecture
}

// connect answers the target. An embedded AWS that does not run is started as b
// says, or, where b is nil, is an error.
func (f targetFlags) connect(ctx context.Context, p *progress.Progress, b *background) (*target.Target, daemon.Info, error) {
	if kind := target.Kind(f.Target); kind != target.Embedded {
		t, err := target.FromEnvironment(ctx, kind)
		return t, daemon.Info{}, err
	}
	dir, err := f.stateDir()
	if err != nil {
		return nil, daemon.Info{}, err
	}
	info, err := daemon.In(dir).Running()
	if errors.Is(err, daemon.ErrNotRunning) && b != nil {
		b.stateDir = dir
		info, _, err = b.start(ctx)
		if err == nil {
			p.Say("started the embedded AWS: %s, pid %d, clock %s", info.URL, info.PID, info.Clock)
			if warning := isolationWarning(info); warning != "" {
				p.Say("%s", warning)
			}
		}
	}
	if errors.Is(err, daemon.ErrNotRunning) {
		return nil, daemon.Info{}, hint.With(fmt.Errorf("%w for %s", err, dir), "start it with reliableq local start, or deploy with reliableq up")
	}
	if err != nil {
		return nil, daemon.Info{}, err
	}
	return target.FromDaemon(info, os.Getenv("AWS_REGION")), info, nil
}

// watch ends the context when the embedded AWS of info can serve no longer; there
// may be none.
func (f targetFlags) watch(ctx context.Context, info daemon.Info) (context.Context, context.CancelFunc) {
	dir, err := f.stateDir()
	if info.PID == 0 || err != nil {
		return context.WithCancel(ctx)
	}
	return daemon.In(dir).Watch(ctx, info)
}

// explain answers why the embedded AWS served no longer in place of the error that
// came of it, where ctx is watched.
func explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && (errors.Is(cause, daemon.ErrGone) || errors.Is(cause, daemon.ErrFull)) {
		return cause
	}
	return err
}

// reach answers the target, which must be there already, and what is deployed on it.
func (f targetFlags) reach(ctx context.Context) (*target.Target, flow.Deployment, error) {
	t, _, err := f.connect(ctx, nil, nil)
	if err != nil {
		return nil, flow.Deployment{}, err
	}
	d, err := f.deployed(t)
	return t, d, err
}

// flowOn is a client of the flow on t.
func flowOn(t *target.Target) *flow.Client {
	if t.Kind != target.Embedded {
		return flow.New(t.Config, nil)
	}
	return flow.New(t.Config, control.New(t.URL, t.ControlToken))
}

// folder is where the deployment on t keeps its state.
func (f targetFlags) folder(t *target.Target) (string, error) {
	dir, err := f.stateDir()
	if err != nil {
		return "", err
	}
	return t.Folder(dir, f.NamePrefix), nil
}

// deployed reads what is deployed on t from its state.
func (f targetFlags) deployed(t *target.Target) (flow.Deployment, error) {
	folder, err := f.folder(t)
	if err != nil {
		return flow.Deployment{}, err
	}
	out, err := infra.Outputs(folder)
	if err != nil {
		return flow.Deployment{}, nothingDeployed(err, t)
	}
	return flow.FromOutputs(out)
}

// nothingDeployed says how to deploy, where that is what is missing.
func nothingDeployed(err error, t *target.Target) error {
	if !errors.Is(err, infra.ErrNothingDeployed) {
		return err
	}
	return hint.With(fmt.Errorf("%w to %s from this state folder", err, t.Describe()), "deploy with reliableq up, or name the state folder with --state-dir; for what plain terraform deployed use terraform output and an AWS client")
}

// find answers the tool and a local mirror of the provider for a root module.
func (f toolFlags) find(ctx context.Context, p *progress.Progress, root, stateDir string) (infra.Tool, string, error) {
	tool, err := infra.FindTool(ctx, infra.ToolSearch{
		Want: f.Tool, Path: os.Getenv("PATH"), Fetched: filepath.Join(stateDir, "terraform", "bin"), Say: p.Say,
	})
	if err != nil {
		return infra.Tool{}, "", err
	}
	mirror, err := infra.FindMirror(f.mirrorSearch(root))
	return tool, mirror, err
}

// mirrorSearch looks where mirrors usually are, unless the user's own
// configuration of Terraform says where providers come from.
func (f toolFlags) mirrorSearch(root string) infra.MirrorSearch {
	s := infra.MirrorSearch{Explicit: f.ProviderMirror, Root: root}
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	if infra.HasInstallation(os.Getenv("TF_CLI_CONFIG_FILE"), home) {
		return s
	}
	s.Home, s.Roots = home, infra.SystemRoots()
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

// options are how to run Terraform on root, as far as that does not depend on the
// target. It says which variables of the environment count for nothing.
func (f toolFlags) options(ctx context.Context, p *progress.Progress, root, stateDir string) (infra.Options, error) {
	tool, mirror, err := f.find(ctx, p, root, stateDir)
	if err != nil {
		return infra.Options{}, err
	}
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "TF_VAR_") {
			p.Say("%s is ignored: set variables with --var or --var-file", name)
		}
	}
	return infra.Options{Root: root, Tool: tool, Mirror: mirror, Plugins: filepath.Join(stateDir, "terraform", "providers"), Progress: p}, nil
}
