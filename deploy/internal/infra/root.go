package infra

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Files that this package adds to the copy of the root module. The first one
// overrides the root's backend.
const (
	backendName = "reliableq_override.tf"
	importsName = "reliableq_imports.tf"
)

const (
	lockName    = ".terraform.lock.hcl"
	erroredName = "errored.tfstate"
)

// copyRoot copies the root module into the deployment's folder, where the tool runs.
// The tool writes a lock file into its directory, and errored.tfstate when it cannot
// save its state; and the backend and imports of a deployment are part of the
// configuration. Links to the siblings of the root module keep relative paths valid.
func (t *Terraform) copyRoot() error {
	work := filepath.Join(t.Folder, "work")
	root := filepath.Join(work, filepath.Base(t.Root))

	// Read the old copy's lock file before the copy is removed.
	lock, err := t.lockFile(root)
	if err != nil {
		return err
	}

	// Move a state that could not be saved out of the directory before it is removed.
	if err := os.Rename(filepath.Join(root, erroredName), filepath.Join(t.Folder, erroredName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("move the state that could not be saved: %w", err)
	}

	if err := os.RemoveAll(work); err != nil {
		return fmt.Errorf("remove the old copy of the root module: %w", err)
	}

	err = errors.Join(
		copyTree(root, t.Root, "tests"),
		linkSiblings(work, t.Root),
		os.WriteFile(filepath.Join(root, lockName), lock, 0o600),
		os.WriteFile(filepath.Join(root, backendName), t.backendBlock(), 0o600),
	)

	if err != nil {
		return hint.With(fmt.Errorf("copy the root module: %w", err), "free some disk space, or use another directory with --state-dir")
	}

	t.root = root
	return nil
}

// lockFile returns the lock file for the copy of the root module at root. OpenTofu
// uses another registry, where the packages have other hashes: it gets the version
// alone, or the file that it wrote itself for that version.
func (t *Terraform) lockFile(root string) ([]byte, error) {
	if !t.tool.Tofu {
		body, err := os.ReadFile(filepath.Join(t.Root, lockName))
		if err != nil {
			return nil, hint.With(fmt.Errorf("read the lock file: %w", err), "the lock file is part of the project: restore it with git checkout")
		}
		return body, nil
	}

	// Keep OpenTofu's own lock file as long as it is for the same version.
	version, err := LockedProvider(t.Root)
	if err != nil {
		return nil, err
	}

	if own, err := LockedProvider(root); err == nil && own == version {
		if body, err := os.ReadFile(filepath.Join(root, lockName)); err == nil && bytes.Contains(body, []byte(tofuHost)) {
			return body, nil
		}
	}

	return fmt.Appendf(nil, "provider %q {\n  version = %q\n}\n", tofuHost+"/hashicorp/aws", version), nil
}

// backendBlock returns the configuration of the backend.
func (t *Terraform) backendBlock() []byte {
	if len(t.Backend) > 0 {
		return []byte("terraform {\n  backend \"s3\" {}\n}\n")
	}
	return fmt.Appendf(nil, "terraform {\n  backend \"local\" {\n    path = %s\n  }\n}\n", quoteHCL(t.State()))
}

// linkSiblings links to everything in the parent directory of the root module.
func linkSiblings(work, source string) error {
	parent := filepath.Dir(source)
	entries, err := os.ReadDir(parent)
	if err != nil {
		return fmt.Errorf("read the directory of the root module: %w", err)
	}

	for _, e := range entries {
		if e.Name() == filepath.Base(source) {
			continue
		}
		if err := os.Symlink(filepath.Join(parent, e.Name()), filepath.Join(work, e.Name())); err != nil {
			return fmt.Errorf("link to the siblings of the root module: %w", err)
		}
	}

	return nil
}

// copyTree copies a module, without the tool's own files and without directories of
// the given names.
func copyTree(to, from string, without ...string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}

		// Skip what an earlier init has installed.
		if d.IsDir() {
			if path != from && (d.Name() == ".terraform" || slices.Contains(without, d.Name())) {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}

		// A state beside the configuration belongs to a user of plain Terraform.
		if !d.Type().IsRegular() || strings.Contains(d.Name(), ".tfstate") {
			return nil
		}

		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), body, 0o644)
	})
}
