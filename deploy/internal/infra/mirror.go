package infra

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

const terraformHost = "registry.terraform.io"

// MirrorSearch tells FindMirror where to search for a copy of the provider.
type MirrorSearch struct {
	// Explicit is a directory from the user. It must hold the provider.
	Explicit string
	// Root is the root module, whose lock file has the wanted version.
	Root string
	// Beside is the directory of this program, which may be shipped with a mirror.
	Beside string
	// Home is the user's home directory.
	Home string
	// DataDirs are the user's and the system's data directories (XDG).
	DataDirs []string
	// Roots are directories that are searched two levels deep.
	Roots []string
}

// SystemRoots returns the usual directories of mirrors on a system.
func SystemRoots() []string { return []string{"/opt", "/usr/share", "/usr/local/share", "/usr/lib"} }

// FindMirror returns the directory of a filesystem mirror that has the locked version of
// the AWS provider for this platform, or "" when there is none.
func FindMirror(s MirrorSearch) (string, error) {
	wanted, err := LockedProvider(s.Root)
	if err != nil {
		return "", err
	}

	// If the user names a directory, no other is tried.
	if s.Explicit != "" {
		if !hasProvider(s.Explicit, wanted) {
			return "", hint.New(fmt.Sprintf("%s has no hashicorp/aws %s for %s_%s", s.Explicit, wanted, runtime.GOOS, runtime.GOARCH),
				"create one with terraform -chdir=terraform providers mirror DIR")
		}
		return filepath.Abs(s.Explicit)
	}

	for _, dir := range s.candidates() {
		if hasProvider(dir, wanted) {
			return dir, nil
		}
	}

	return "", nil
}

// candidates returns the directories to try, in order.
func (s MirrorSearch) candidates() []string {
	var dirs []string
	if s.Beside != "" {
		dirs = append(dirs, filepath.Join(s.Beside, "providers"))
	}
	if s.Home != "" {
		dirs = append(dirs, filepath.Join(s.Home, ".terraform.d", "plugins"))
	}

	dirs = append(dirs, filepath.Join(s.Root, "terraform.d", "plugins"))
	for _, data := range s.DataDirs {
		dirs = append(dirs, filepath.Join(data, "terraform", "plugins"))
	}

	// Mirrors are usually one or two levels below these directories.
	roots := s.Roots
	if s.Home != "" {
		roots = append(roots[:len(roots):len(roots)], s.Home)
	}

	for _, root := range roots {
		dirs = append(dirs, root)
		for _, deep := range []string{"*", filepath.Join("*", "*")} {
			found, err := filepath.Glob(filepath.Join(root, deep, terraformHost))
			if err != nil {
				continue // the path is not a valid pattern: it is not a usual directory
			}
			for _, f := range found {
				dirs = append(dirs, filepath.Dir(f))
			}
		}
	}

	return dirs
}

// hasProvider reports whether the mirror in dir has the provider, unpacked or packed.
func hasProvider(dir, version string) bool {
	platform := runtime.GOOS + "_" + runtime.GOARCH
	provider := filepath.Join(dir, terraformHost, "hashicorp", "aws")

	// A mirror has the provider unpacked, or as a zip.
	unpacked, err := filepath.Glob(filepath.Join(provider, version, platform, "terraform-provider-aws*"))
	if err == nil && len(unpacked) > 0 {
		return true
	}
	info, err := os.Stat(filepath.Join(provider, "terraform-provider-aws_"+version+"_"+platform+".zip"))
	return err == nil && info.Mode().IsRegular()
}

var lockedVersion = regexp.MustCompile(`provider "[^"]*/hashicorp/aws" \{\s*version\s*=\s*"([^"]+)"`)

// LockedProvider returns the version of the AWS provider in the root module's lock file.
func LockedProvider(root string) (string, error) {
	path := filepath.Join(root, ".terraform.lock.hcl")
	body, err := os.ReadFile(path)
	if err != nil {
		return "", hint.With(fmt.Errorf("read the version of the provider: %w", err), "the lock file is part of the project: restore it with git checkout")
	}
	m := lockedVersion.FindSubmatch(body)
	if m == nil {
		return "", hint.New(path+" does not name hashicorp/aws", "the lock file is part of the project: restore it with git checkout")
	}
	return string(m[1]), nil
}

// WriteCLIConfig writes a configuration with which Terraform and OpenTofu, run by hand,
// use HashiCorp's providers from a mirror.
func WriteCLIConfig(path, mirror string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return hint.With(fmt.Errorf("cannot create a directory for Terraform's configuration: %w", err), "use a writable directory with --state-dir")
	}

	// OpenTofu looks for the provider under the host of its own registry.
	mirrors := map[string]string{terraformHost: mirror}
	if unpacked(mirror) {
		own := filepath.Join(filepath.Dir(path), "mirror")
		if err := mirrorForTofu(mirror, own); err != nil {
			return err
		}
		mirrors[tofuHost] = own
	}

	if err := os.WriteFile(path, []byte(cliConfig(mirrors)), 0o600); err != nil {
		return hint.With(fmt.Errorf("write the configuration of Terraform: %w", err), "free some disk space, or use another directory with --state-dir")
	}

	return nil
}

// cliConfig returns a configuration of the tool by which it uses HashiCorp's providers
// from mirrors, by the registry's host, and all others from their registries.
func cliConfig(mirrors map[string]string) string {
	var b strings.Builder
	var hosts []string
	b.WriteString("# Written by reliableq.\nprovider_installation {\n")
	for _, host := range slices.Sorted(maps.Keys(mirrors)) {
		fmt.Fprintf(&b, "  filesystem_mirror {\n    path    = %s\n    include = [\"%s/hashicorp/*\"]\n  }\n", quoteHCL(mirrors[host]), host)
		hosts = append(hosts, fmt.Sprintf("\"%s/hashicorp/*\"", host))
	}

	// The mirrors are the only source for HashiCorp's providers.
	fmt.Fprintf(&b, "  direct {\n    exclude = [%s]\n  }\n}\n", strings.Join(hosts, ", "))
	return b.String()
}

// quoteHCL returns s as a string literal of HCL.
func quoteHCL(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", "$${", "%{", "%%{", "\n", `\n`).Replace(s) + `"`
}

// HasInstallation reports whether the user's own configuration of the tool chooses where
// providers come from: the file named by TF_CLI_CONFIG_FILE, or, without that name,
// the one in the home directory.
func HasInstallation(named, home string) bool {
	path := named
	if path == "" {
		path = filepath.Join(home, ".terraformrc")
	}
	body, err := os.ReadFile(path)
	return err == nil && strings.Contains(string(body), "provider_installation")
}
