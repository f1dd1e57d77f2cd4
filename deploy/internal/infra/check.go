package infra

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/supervise"
)

// CheckStep is one check of one module.
type CheckStep struct {
	// Module is the module's directory, relative to the root module.
	Module string
	// Verb is fmt, validate or test.
	Verb string
}

// Modules returns the checks of a root module and everything below it: fmt once,
// validate for each directory with a configuration, and test where there are tests.
func Modules(root string) ([]CheckStep, error) {
	steps := []CheckStep{{Module: ".", Verb: "fmt"}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("find modules: %w", err)
		}
		if !d.IsDir() {
			return nil
		}
		if path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "tests") {
			return fs.SkipDir
		}

		// A directory with a configuration is a module; tests may be in it or below it.
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return fmt.Errorf("find modules: %w", err)
		}
		if hasFile(path, "*.tf") {
			steps = append(steps, CheckStep{Module: rel, Verb: "validate"})
		}
		if hasFile(path, "tests/*.tftest.hcl") || hasFile(path, "*.tftest.hcl") {
			steps = append(steps, CheckStep{Module: rel, Verb: "test"})
		}
		return nil
	})

	return steps, err
}

// hasFile reports whether a file in dir matches the pattern.
func hasFile(dir, pattern string) bool {
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	return err == nil && len(found) > 0
}

// Checker runs fmt, validate and test on a copy of a root module and its modules.
type Checker struct {
	tool Tool
	copy string // directory of the copy
	env  []string
	lock []byte          // the root module's lock file
	init map[string]bool // directories that are initialized
}

// NewChecker copies the root module at root into the directory work, and returns a
// Checker of the copy. mirror is a local mirror of the provider, or empty; plugins is the
// cache of providers from the registry.
func NewChecker(tool Tool, mirror, root, work, plugins string) (*Checker, error) {
	lock, err := os.ReadFile(filepath.Join(root, ".terraform.lock.hcl"))
	if err != nil {
		return nil, fmt.Errorf("read the lock file: %w", err)
	}

	c := &Checker{
		tool: tool,
		copy: filepath.Join(work, "terraform"),
		lock: lock,
		init: map[string]bool{},
	}

	if err := copyTree(c.copy, root); err != nil {
		return nil, hint.With(fmt.Errorf("copy the modules: %w", err), "free some disk space, or set TMPDIR")
	}

	// Use the same provider as a deployment.
	t := &Terraform{Options: Options{
		Folder:  work,
		Mirror:  mirror,
		Plugins: plugins,
		Env:     environ(),
	}, tool: tool}

	env, err := t.environment()
	if err != nil {
		return nil, err
	}

	delete(env, "TF_DATA_DIR") // each module needs its own data directory
	env["AWS_EC2_METADATA_DISABLED"] = "true"
	c.env = pairs(env)
	return c, nil
}

// environ returns this process's environment without the variables for AWS: checks must
// not call it.
func environ() map[string]string {
	env := map[string]string{}
	for _, pair := range os.Environ() {
		if key, value, ok := strings.Cut(pair, "="); ok && !strings.HasPrefix(key, "AWS_") {
			env[key] = value
		}
	}
	cleanEnv(env)
	return env
}

// Run runs one check and returns the tool's output.
func (c *Checker) Run(ctx context.Context, s CheckStep) (string, error) {
	dir := filepath.Join(c.copy, s.Module)
	switch s.Verb {
	case "fmt":
		return c.run(ctx, dir, "fmt", "-check", "-recursive", "-diff", "-no-color")
	case "validate", "test":
		if output, err := c.prepare(ctx, dir); err != nil {
			return output, err
		}
		return c.run(ctx, dir, s.Verb, "-no-color")
	}
	return "", fmt.Errorf("unknown check %q", s.Verb)
}

// prepare initializes a module, unless that is done, with the provider version of the
// root module.
func (c *Checker) prepare(ctx context.Context, dir string) (string, error) {
	if c.init[dir] {
		return "", nil
	}
	c.init[dir] = true

	// Without a lock file of its own, a module would use the newest provider.
	lock := filepath.Join(dir, ".terraform.lock.hcl")
	if _, err := os.Stat(lock); err != nil && !c.tool.Tofu {
		if err := os.WriteFile(lock, c.lock, 0o644); err != nil {
			return "", fmt.Errorf("write the lock file: %w", err)
		}
	}
	return c.run(ctx, dir, "init", "-backend=false", "-input=false", "-no-color")
}

func (c *Checker) run(ctx context.Context, dir string, args ...string) (string, error) {
	var output bytes.Buffer
	err := supervise.Run(ctx, supervise.Command{
		Path:       c.tool.Path,
		Args:       args,
		Dir:        dir,
		Env:        c.env,
		Stdout:     &output,
		Stderr:     &output,
		EndTimeout: endTimeout,
	})

	if err != nil {
		return output.String(), fmt.Errorf("%s %s: %w", c.tool.Name(), args[0], err)
	}

	return output.String(), nil
}
