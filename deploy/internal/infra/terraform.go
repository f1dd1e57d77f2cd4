package infra

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/supervise"
)

// parallelism is how many resources the tool changes at the same time. A resource that
// the provider polls for 25 s takes one of the slots: the default of 10 is too low.
const parallelism = 30

// endTimeout is how long the tool may take to write its state and end after an
// interrupt.
const endTimeout = 60 * time.Second

// Options are the deployment, and the tool and settings for it.
type Options struct {
	// Root is the directory of the root module. It is never written to.
	Root string
	// Folder is the directory of the deployment's state and of the tool's files.
	Folder string
	// Tool is Terraform or OpenTofu.
	Tool Tool
	// Mirror is a local mirror of the provider; empty means the registry.
	Mirror string
	// Plugins is the cache of providers from the registry, shared by all deployments.
	Plugins string
	// Env is the environment, which chooses the target.
	Env map[string]string
	// Vars are assignments, NAME=VALUE.
	Vars []string
	// VarFiles are paths of tfvars files.
	VarFiles []string
	// Backend configures an S3 backend for the state: each is KEY=VALUE or the path of
	// a file. When it is empty, the backend of the deployment's last run is used, or
	// else the state is in Folder.
	Backend []string
	// Progress shows the progress of runs.
	Progress *progress.Progress
}

// Terraform runs the tool on one deployment.
type Terraform struct {
	Options
	tool Tool
	env  map[string]string
	root string   // directory of the copy of the root module
	lock *os.File // held until Close

	moveState bool     // the state is in Folder and must be pushed to the backend
	targets   []string // addresses to import
}

// Open creates the folder of a deployment and locks it until Close. It does not run the
// tool.
func Open(ctx context.Context, o Options) (*Terraform, error) {
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, hint.With(fmt.Errorf("cannot create the deployment's directory: %w", err), "use a writable directory with --state-dir")
	}

	lock, err := lockFolder(ctx, o.Folder, o.Progress)
	if err != nil {
		return nil, err
	}

	// From here on an error must unlock the folder.
	t := &Terraform{
		Options: o,
		tool:    o.Tool,
		lock:    lock,
	}

	if t.env, err = t.environment(); err == nil {
		err = t.chooseBackend()
	}
	if err == nil {
		err = t.copyRoot()
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}

	return t, nil
}

// Close unlocks the deployment.
func (t *Terraform) Close() error {
	if err := t.lock.Close(); err != nil {
		return fmt.Errorf("unlock the deployment: %w", err)
	}
	return nil
}

// stateName is the name of the state file in a deployment's folder.
const stateName = "terraform.tfstate"

// State returns the path of the state file.
func (t *Terraform) State() string { return filepath.Join(t.Folder, stateName) }

// environment returns the environment of the tool: the target's, with settings for the
// tool itself.
func (t *Terraform) environment() (map[string]string, error) {
	env := make(map[string]string, len(t.Env)+4)
	maps.Copy(env, t.Env)
	cleanEnv(env)

	// The tool must find its own files in the folder, and ask nothing.
	env["TF_DATA_DIR"] = filepath.Join(t.Folder, "data")
	env["CHECKPOINT_DISABLE"] = "1"
	env["TF_IN_AUTOMATION"] = "1"

	// With a mirror, the registry and its cache are not used.
	if t.Mirror != "" {
		path, err := t.writeCLIConfig()
		if err != nil {
			return nil, err
		}
		env["TF_CLI_CONFIG_FILE"] = path
		delete(env, "TF_PLUGIN_CACHE_DIR")
		return env, nil
	}

	// The user's configuration is used, if it exists.
	if file := env["TF_CLI_CONFIG_FILE"]; file != "" {
		if _, err := os.Stat(file); err != nil {
			delete(env, "TF_CLI_CONFIG_FILE") // the tool would only warn about it at each run
		}
	}

	// All deployments share one copy of a provider: it is large.
	if env["TF_PLUGIN_CACHE_DIR"] == "" && t.Plugins != "" {
		if err := os.MkdirAll(t.Plugins, 0o755); err != nil {
			return nil, hint.With(fmt.Errorf("cannot create a directory for providers: %w", err), "use a writable directory with --state-dir")
		}
		env["TF_PLUGIN_CACHE_DIR"] = t.Plugins
	}

	return env, nil
}

// cleanEnv removes variables that would change what the tool does or prints.
func cleanEnv(env map[string]string) {
	maps.DeleteFunc(env, func(name, _ string) bool {
		for _, prefix := range []string{"TF_VAR_", "TF_CLI_ARGS", "TF_LOG"} {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}

		switch name {
		case "TF_INPUT", "TF_IN_AUTOMATION", "TF_REATTACH_PROVIDERS", "TF_APPEND_USER_AGENT", "TF_WORKSPACE", "TF_DISABLE_PLUGIN_TLS",
			"TF_SKIP_PROVIDER_VERIFY":
			return true
		}

		return false
	})
}

// writeCLIConfig writes a configuration by which the tool uses the mirror, and returns
// its path.
func (t *Terraform) writeCLIConfig() (string, error) {
	host := terraformHost
	mirror := t.Mirror
	if t.tool.Tofu {
		host = tofuHost
		mirror = filepath.Join(t.Folder, "mirror")
		if err := mirrorForTofu(t.Mirror, mirror); err != nil {
			return "", err
		}
	}

	path := filepath.Join(t.Folder, "cli.tfrc")
	if err := os.WriteFile(path, []byte(cliConfig(map[string]string{host: mirror})), 0o600); err != nil {
		return "", hint.With(fmt.Errorf("write the tool's configuration: %w", err), "free some disk space, or use another directory with --state-dir")
	}

	return path, nil
}

// Init installs the provider and the modules, unless that is done for the same sources.
func (t *Terraform) Init(ctx context.Context) error {
	// Init takes seconds: skip it if nothing that it depends on has changed.
	want, err := t.initHash()
	if err != nil {
		return err
	}

	done := filepath.Join(t.Folder, "initialized")
	if have, err := os.ReadFile(done); err == nil && string(have) == want {
		return nil
	}

	task := t.Progress.Begin(strings.ToLower(t.tool.Name())+" init", progress.Span{})

	// The lock file is part of the project. OpenTofu must extend its copy by its own hashes.
	args := []string{"init", "-input=false", "-no-color", "-reconfigure"}
	if !t.tool.Tofu {
		args = append(args, "-lockfile=readonly")
	}

	for _, setting := range t.Backend {
		args = append(args, "-backend-config="+setting)
	}

	if err := t.run(ctx, args...); err != nil {
		task.Fail()
		return err
	}

	// Report where the provider came from.
	from := "the registry"
	if t.Mirror != "" {
		from = t.Mirror
	}

	task.End("provider from " + from)
	if err := os.WriteFile(done, []byte(want), 0o600); err != nil {
		return hint.With(fmt.Errorf("record that init is done: %w", err), "free some disk space, or use another directory with --state-dir")
	}

	return t.pushState(ctx)
}

// initHash returns a hash of everything that init depends on.
func (t *Terraform) initHash() (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, t.tool.Path, t.tool.Version, t.Mirror, t.root)
	for _, setting := range t.Backend {
		fmt.Fprintf(sum, "backend %q\n", setting)
	}
	if err := HashTree(sum, t.Root); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x\n", sum.Sum(nil)), nil
}

// HashTree writes to w the name and content of every file of a root module that can
// change what it deploys.
func HashTree(w io.Writer, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read the root module: %w", err)
		}

		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "tests" || name == "examples") {
				return fs.SkipDir
			}
			return nil
		}

		// Only these files can change what is deployed.
		if ext := filepath.Ext(path); ext != ".tf" && ext != ".tfvars" && ext != ".hcl" && ext != ".json" || strings.Contains(d.Name(), "tfstate") {
			return nil
		}

		body, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read the root module: %w", err)
		}

		rel, err := filepath.Rel(root, path)
		if err != nil {
			return fmt.Errorf("read the root module: %w", err)
		}

		fmt.Fprintf(w, "%s %d\n", rel, len(body))
		_, err = w.Write(body)
		return err
	})
}

// run runs the tool. The error has its error output.
func (t *Terraform) run(ctx context.Context, args ...string) error {
	_, err := t.output(ctx, args...)
	return err
}

// output runs the tool and returns its standard output.
func (t *Terraform) output(ctx context.Context, args ...string) ([]byte, error) {
	var out bytes.Buffer
	errorOutput, err := t.exec(ctx, &out, args...)
	if err != nil {
		if errorOutput == "" {
			errorOutput = out.String()
		}
		return nil, t.failure(ctx, args[0], errors.New(withoutFrame(errorOutput)), nil, "")
	}
	return out.Bytes(), nil
}

// exec runs the tool under a supervisor, and returns its error output.
func (t *Terraform) exec(ctx context.Context, out io.Writer, args ...string) (errorOutput string, err error) {
	var errs bytes.Buffer
	err = supervise.Run(ctx, supervise.Command{
		Path:       t.tool.Path,
		Args:       args,
		Dir:        t.root,
		Env:        pairs(t.env),
		Stdout:     out,
		Stderr:     &errs,
		EndTimeout: endTimeout,
		KeepOpen:   t.lock, // a tool that outlives this command holds the lock
	})
	return errs.String(), err
}

// pairs returns an environment as KEY=VALUE, in order.
func pairs(env map[string]string) []string {
	all := make([]string, 0, len(env))
	for _, key := range slices.Sorted(maps.Keys(env)) {
		all = append(all, key+"="+env[key])
	}
	return all
}

// withoutFrame returns an error text of the tool without the box that it draws around it.
func withoutFrame(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.Trim(strings.TrimSpace(line), "│╷╵"))
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
