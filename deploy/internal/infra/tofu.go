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

// tofuHost is OpenTofu's registry, where it looks for hashicorp/aws.
const tofuHost = "registry.opentofu.org"

// mirrorForTofu lays out the provider of a mirror for Terraform, from, a second
// time in to, under the name of OpenTofu's registry.
func mirrorForTofu(from, to string) error {
	platform := runtime.GOOS + "_" + runtime.GOARCH
	versions := unpackedVersions(from)
	if len(versions) == 0 {
		return hint.New("OpenTofu needs an unpacked mirror, and "+from+" is packed", "unpack the provider's zip into VERSION/"+platform+"/ in the mirror")
	}
	for _, found := range versions {
		link := filepath.Join(to, tofuHost, "hashicorp", "aws", filepath.Base(filepath.Dir(found)), platform)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return fmt.Errorf("lay the mirror out for OpenTofu: %w", err)
		}
		// The mirror may have moved since.
		if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("lay the mirror out for OpenTofu: %w", err)
		}
		if err := os.Symlink(found, link); err != nil {
			return fmt.Errorf("lay the mirror out for OpenTofu: %w", err)
		}
	}
	return nil
}

// unpackedVersions are the folders of the provider's versions in a mirror for
// Terraform that are unpacked for this platform.
func unpackedVersions(mirror string) []string {
	found, err := filepath.Glob(filepath.Join(mirror, terraformHost, "hashicorp", "aws", "*", runtime.GOOS+"_"+runtime.GOARCH))
	if err != nil {
		return nil // a mirror with a bracket in its name
	}
	return found
}

// unpacked reports whether a mirror has an unpacked provider for this platform.
func unpacked(mirror string) bool { return len(unpackedVersions(mirror)) > 0 }
