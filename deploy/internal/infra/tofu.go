package infra

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

const tofuHost = "registry.opentofu.org"

// copyRoot works on a copy of the root module, because OpenTofu rewrites the lock
// file to its own registry.
func (t *Terraform) copyRoot() error {
	to := filepath.Join(t.Folder, "root")
	if err := os.RemoveAll(to); err != nil {
		return fmt.Errorf("clear the copy of the root module: %w", err)
	}
	if err := os.CopyFS(to, os.DirFS(t.Root)); err != nil {
		return hint.With(fmt.Errorf("copy the root module: %w", err), "free some disk space, or choose another folder with --state-dir")
	}
	t.Root = to
	return nil
}

// mirrorForTofu lays the provider of a Terraform mirror out for OpenTofu, which
// looks for it under its own registry's name.
func mirrorForTofu(from, to string) error {
	platform := runtime.GOOS + "_" + runtime.GOARCH
	versions, err := filepath.Glob(filepath.Join(from, terraformHost, "hashicorp", "aws", "*", platform))
	if err != nil || len(versions) == 0 {
		return hint.New("OpenTofu needs an unpacked mirror, and "+from+" is packed", "unpack the provider's zip into VERSION/"+platform+"/ in the mirror")
	}
	for _, found := range versions {
		link := filepath.Join(to, tofuHost, "hashicorp", "aws", filepath.Base(filepath.Dir(found)), platform)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return fmt.Errorf("lay the mirror out for OpenTofu: %w", err)
		}
		if err := os.Symlink(found, link); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("lay the mirror out for OpenTofu: %w", err)
		}
	}
	return nil
}
