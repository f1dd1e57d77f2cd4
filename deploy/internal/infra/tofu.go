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

// tofuHost is the host of OpenTofu's registry.
const tofuHost = "registry.opentofu.org"

// mirrorForTofu creates in to a mirror for OpenTofu, with links to the provider in the
// mirror for Terraform, from: the directories contain the registry's host.
func mirrorForTofu(from, to string) error {
	platform := runtime.GOOS + "_" + runtime.GOARCH
	versions := unpackedVersions(from)
	if len(versions) == 0 {
		return hint.New("OpenTofu needs an unpacked mirror, but "+from+" is packed", "unpack the provider's zip into VERSION/"+platform+"/ in the mirror")
	}

	for _, found := range versions {
		// One link for each version.
		link := filepath.Join(to, tofuHost, "hashicorp", "aws", filepath.Base(filepath.Dir(found)), platform)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return fmt.Errorf("create the mirror for OpenTofu: %w", err)
		}

		// An old link may lead to a mirror that has moved.
		if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("create the mirror for OpenTofu: %w", err)
		}

		if err := os.Symlink(found, link); err != nil {
			return fmt.Errorf("create the mirror for OpenTofu: %w", err)
		}
	}

	return nil
}

// unpackedVersions returns the directories of the provider's unpacked versions for
// this platform in a mirror for Terraform.
func unpackedVersions(mirror string) []string {
	found, err := filepath.Glob(filepath.Join(mirror, terraformHost, "hashicorp", "aws", "*", runtime.GOOS+"_"+runtime.GOARCH))
	if err != nil {
		return nil // the path of the mirror is not a valid pattern
	}
	return found
}

// unpacked reports whether a mirror has an unpacked provider for this platform.
func unpacked(mirror string) bool { return len(unpackedVersions(mirror)) > 0 }
