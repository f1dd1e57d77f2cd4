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

// MirrorSearch says where a copy of the provider may lie on this machine.
type MirrorSearch struct {
	// Explicit is a folder that the user named: it must hold the provider.
	Explicit string
	// Root is the root module, whose lock file says which version is wanted.
	Root string
	// Beside is the folder of this program, which may be shipped with a mirror.
	Beside string
	// Home is the user's home folder.
	Home string
	// DataDirs are the user's and the system's data folders (XDG).
	DataDirs []string
	// Roots are folders whose subfolders are looked through as well.
	Roots []string
}

// SystemRoots is where mirrors usually lie on a system.
func SystemRoots() []string { return []string{"/opt", "/usr/share", "/usr/local/share", "/usr/lib"} }

// FindMirror answers a folder laid out as a filesystem mirror that has the locked
// version of the AWS provider for this platform, or empty when there is none.
func FindMirror(s MirrorSearch) (string, error) {
	wanted, err := LockedProvider(s.Root)
	if err != nil {
		return "", err
	}
	if s.Explicit != "" {
		if !offers(s.Explicit, wanted) {
			return "", hint.New(fmt.Sprintf("%s has no hashicorp/aws %s for %s_%s", s.Explicit, wanted, runtime.GOOS, runtime.GOARCH),
				"make one with: terraform -chdir=terraform providers mirror DIR")
		}
		return filepath.Abs(s.Explicit)
	}
	for _, dir := range s.candidates() {
		if offers(dir, wanted) {
			return dir, nil
		}
	}
	return "", nil
}

// candidates lists folders in the order in which they are tried.
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
	roots := s.Roots
	if s.Home != "" {
		roots = append(roots[:len(roots):len(roots)], s.Home)
	}
	for _, root := range roots {
		dirs = append(dirs, root)
		for _, deep := range []string{"*", filepath.Join("*", "*")} {
			found, err := filepath.Glob(filepath.Join(root, deep, terraformHost))
			if err != nil {
				continue // a root with a bracket in its name: nothing usual lies there
			}
			for _, f := range found {
				dirs = append(dirs, filepath.Dir(f))
			}
		}
	}
	return dirs
}

// offers reports whether the mirror in dir has the provider, unpacked or packed.
func offers(dir, version string) bool {
	platform := runtime.GOOS + "_" + runtime.GOARCH
	provider := filepath.Join(dir, terraformHost, "hashicorp", "aws")
	unpacked, err := filepath.Glob(filepath.Join(provider, version, platform, "terraform-provider-aws*"))
	if err == nil && len(unpacked) > 0 {
		return true
	}
	info, err := os.Stat(filepath.Join(provider, "terraform-provider-aws_"+version+"_"+platform+".zip"))
	return err == nil && info.Mode().IsRegular()
}

var lockedVersion = regexp.MustCompile(`provider "[^"]*/hashicorp/aws" \{\s*version\s*=\s*"([^"]+)"`)

// LockedProvider is the version of the AWS provider that the root module's lock
// file names.
func LockedProvider(root string) (string, error) {
	path := filepath.Join(root, ".terraform.lock.hcl")
	body, err := os.ReadFile(path)
	if err != nil {
		return "", hint.With(fmt.Errorf("read the provider's version: %w", err), "the lock file is part of the project: restore it with git checkout")
	}
	m := lockedVersion.FindSubmatch(body)
	if m == nil {
		return "", hint.New(path+" does not name hashicorp/aws", "the lock file is part of the project: restore it with git checkout")
	}
	return string(m[1]), nil
}

// WriteCLIConfig writes a configuration with which Terraform and OpenTofu, run by
// hand, take HashiCorp's providers from a mirror.
func WriteCLIConfig(path, mirror string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return hint.With(fmt.Errorf("make a folder for Terraform's configuration: %w", err), "choose a folder that you may write to with --state-dir")
	}
	mirrors := map[string]string{terraformHost: mirror}
	if unpacked(mirror) {
		own := filepath.Join(filepath.Dir(path), "mirror")
		if err := mirrorForTofu(mirror, own); err != nil {
			return err
		}
		mirrors[tofuHost] = own
	}
	if err := os.WriteFile(path, []byte(cliConfig(mirrors)), 0o600); err != nil {
		return hint.With(fmt.Errorf("write Terraform's configuration: %w", err), "free some disk space, or choose another folder with --state-dir")
	}
	return nil
}

// cliConfig is a configuration for the tool that takes HashiCorp's providers from
// mirrors, by the registry's host, and all others from where they come from.
func cliConfig(mirrors map[string]string) string {
	var b strings.Builder
	var hosts []string
	b.WriteString("# Written by reliableq.\nprovider_installation {\n")
	for _, host := range slices.Sorted(maps.Keys(mirrors)) {
		fmt.Fprintf(&b, "  filesystem_mirror {\n    path    = %s\n    include = [\"%s/hashicorp/*\"]\n  }\n", quoteHCL(mirrors[host]), host)
		hosts = append(hosts, fmt.Sprintf("\"%s/hashicorp/*\"", host))
	}
	fmt.Fprintf(&b, "  direct {\n    exclude = [%s]\n  }\n}\n", strings.Join(hosts, ", "))
	return b.String()
}

// quoteHCL writes s as a string literal of HCL.
func quoteHCL(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", "$${", "%{", "%%{", "\n", `\n`).Replace(s) + `"`
}

// HasInstallation reports whether the user's own configuration of the tool says
// where providers come from: the file that TF_CLI_CONFIG_FILE names, if it is
// there, else the one in the home folder.
func HasInstallation(named, home string) bool {
	path := named
	if path == "" {
		path = filepath.Join(home, ".terraformrc")
	}
	body, err := os.ReadFile(path)
	return err == nil && strings.Contains(string(body), "provider_installation")
}
