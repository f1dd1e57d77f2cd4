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
	// Module is the module's folder, relative to the root module.
	Module string
	// Verb is fmt, validate or test.
	Verb string
}

// Modules lists the checks of everything below a root module: formatting once,
// validate for each folder with a configuration, and test where there are tests.
func Modules(root string) ([]CheckStep, error) {
	steps := []CheckStep{{Module: ".", Verb: "fmt"}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("look for modules: %w", err)
		}
		if !d.IsDir() {
			return nil
		}
		if path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "tests") {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return fmt.Errorf("look for modules: %w", err)
		}
		if some(path, "*.tf") {
			steps = append(steps, CheckStep{Module: rel, Verb: "validate"})
		}
		if some(path, "tests/*.tftest.hcl") || some(path, "*.tftest.hcl") {
			steps = append(steps, CheckStep{Module: rel, Verb: "test"})
		}
		return nil
	})
	return steps, err
}

func some(dir, pattern string) bool {
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	return err == nil && len(found) > 0
}

// Checker runs checks on a copy of a root module.
type Checker struct {
	tool Tool
	copy string
	env  []string
	lock []byte
	init map[string]bool
}

// NewChecker copies the root module into work. Providers from the registry are
// kept in plugins.
func NewChecker(tool Tool, mirror, root, work, plugins string) (*Checker, error) {
	lock, err := os.ReadFile(filepath.Join(root, ".terraform.lock.hcl"))
	if err != nil {
		return nil, fmt.Errorf("read the lock file: %w", err)
	}
	c := &Checker{tool: tool, copy: filepath.Join(work, "terraform"), lock: lock, init: map[string]bool{}}
	if err := copyTree(c.copy, root); err != nil {
		return nil, hint.With(fmt.Errorf("copy the modules: %w", err), "free some disk space, or set TMPDIR")
	}
	t := &Terraform{Options: Options{Folder: work, Mirror: mirror, Plugins: plugins, Env: environ()}, tool: tool}
	env, err := t.environment()
	if err != nil {
		return nil, err
	}
	delete(env, "TF_DATA_DIR") // each module has its own
	env["AWS_EC2_METADATA_DISABLED"] = "true"
	c.env = pairs(env)
	return c, nil
}

// environ is this process's environment without anything that leads to an AWS:
// checks need none.
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

// Run does one step and answers what the tool said.
func (c *Checker) Run(ctx context.Context, s CheckStep) (string, error) {
	dir := filepath.Join(c.copy, s.Module)
	switch s.Verb {
	case "fmt":
		return c.run(ctx, dir, "fmt", "-check", "-recursive", "-diff", "-no-color")
	case "validate", "test":
		if said, err := c.prepare(ctx, dir); err != nil {
			return said, err
		}
		return c.run(ctx, dir, s.Verb, "-no-color")
	}
	return "", fmt.Errorf("there is no check %q", s.Verb)
}

// prepare initializes a module once, with the versions that the root module pins.
func (c *Checker) prepare(ctx context.Context, dir string) (string, error) {
	if c.init[dir] {
		return "", nil
	}
	c.init[dir] = true
	lock := filepath.Join(dir, ".terraform.lock.hcl")
	if _, err := os.Stat(lock); err != nil && !c.tool.Tofu {
		if err := os.WriteFile(lock, c.lock, 0o644); err != nil {
			return "", fmt.Errorf("pin the provider's version: %w", err)
		}
	}
	return c.run(ctx, dir, "init", "-backend=false", "-input=false", "-no-color")
}

func (c *Checker) run(ctx context.Context, dir string, args ...string) (string, error) {
	var said bytes.Buffer
	err := supervise.Run(ctx, supervise.Command{
		Path:     c.tool.Path,
		Args:     args,
		Dir:      dir,
		Env:      c.env,
		Stdout:   &said,
		Stderr:   &said,
		Patience: patience,
	})
	if err != nil {
		return said.String(), fmt.Errorf("%s %s: %w", c.tool.Name(), args[0], err)
	}
	return said.String(), nil
}
