package infra

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

func providerBinary(mirror string) string {
	return filepath.Join(mirror, terraformHost, "hashicorp", "aws", "5.100.0", runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-aws_v5.100.0_x5")
}

func TestFindToolPrefersAnInstalledTool(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := func(name, tool, version string) string {
		path := filepath.Join(dir, name)
		link(t, path, tool, version)
		return path
	}
	fresh, old, tofu := folder("fresh", "terraform", "1.12.0"), folder("old", "terraform", "1.5.7"), folder("tofu", "tofu", "1.10.6")
	list := func(dirs ...string) string { return strings.Join(dirs, string(filepath.ListSeparator)) }
	fetch := func(_ context.Context, into string) (string, error) {
		return link(t, into, "terraform", downloadVersion), nil
	}
	offline := func(context.Context, string) (string, error) { return "", errors.New("no network") }
	for _, c := range []struct {
		name, want, path string
		fetch            func(context.Context, string) (string, error)
		version          string
		fails            string // part of the error
	}{
		{"terraform on PATH", "", list(tofu, fresh), offline, "1.12.0", ""},
		{"tofu where there is no terraform", "", list(dir, tofu), offline, "1.10.6", ""},
		{"tofu where it is wanted", "tofu", list(fresh, tofu), offline, "1.10.6", ""},
		{"by its path", filepath.Join(fresh, "terraform"), "", offline, "1.12.0", ""},
		{"too old by its path", filepath.Join(old, "terraform"), "", offline, "", "1.5.7"},
		{"fetched where it is too old", "", old, fetch, downloadVersion, ""},
		{"none, and no network", "", dir, offline, "", "not on PATH, and the download failed: no network"},
		{"too old, and no network", "", old, offline, "", "1.5.7"},
		{"no tofu", "tofu", fresh, fetch, "", "tofu is not on PATH"},
		{"a path to nothing", "/no/such/terraform", "", offline, "", "/no/such/terraform"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tool, err := FindTool(t.Context(), ToolSearch{
				Want: c.want, Path: c.path, Downloaded: filepath.Join(t.TempDir(), "bin"), Download: c.fetch, Say: func(string, ...any) {},
			})
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) || hint.Of(err) == "" {
					t.Fatalf("error %v, hint %q", err, hint.Of(err))
				}
				return
			}
			if err != nil || tool.Version != c.version || tool.Tofu != strings.HasSuffix(tool.Path, "tofu") {
				t.Errorf("%+v, %v; want version %s", tool, err, c.version)
			}
		})
	}
}

func TestADownloadedToolIsUsedAgain(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(t.TempDir(), "bin")
	link(t, bin, "terraform", "1.11.4")
	tool, err := FindTool(t.Context(), ToolSearch{Downloaded: bin, Say: func(string, ...any) {}, Download: func(context.Context, string) (string, error) {
		return "", errors.New("downloaded twice")
	}})
	if err != nil || tool.Version != "1.11.4" {
		t.Errorf("%+v, %v", tool, err)
	}
}

func TestFindMirrorLooksWhereMirrorsAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at     string // directory of the mirror, below the temporary directory
		packed bool
	}{
		"beside the program":            {"bin/providers", false},
		"in the home's plugins":         {"home/.terraform.d/plugins", false},
		"in the root module's plugins":  {"terraform/terraform.d/plugins", false},
		"in a data directory":           {"data/terraform/plugins", false},
		"right in a system folder":      {"opt", false},
		"below a system folder":         {"opt/tf-plugins", false},
		"two below a system folder":     {"opt/hashicorp/mirror", true},
		"somewhere in the home, packed": {"home/mirrors", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			root := filepath.Join(dir, "terraform")
			write(t, filepath.Join(root, ".terraform.lock.hcl"), lockFile)
			s := MirrorSearch{
				Root: root, Beside: filepath.Join(dir, "bin"), Home: filepath.Join(dir, "home"),
				DataDirs: []string{"", filepath.Join(dir, "data")}, Roots: []string{filepath.Join(dir, "opt")},
			}
			if got, err := FindMirror(s); got != "" || err != nil {
				t.Fatalf("found %q, %v before it exists", got, err)
			}
			mirror := filepath.Join(dir, filepath.FromSlash(c.at))
			provider := filepath.Join(mirror, terraformHost, "hashicorp", "aws")
			write(t, filepath.Join(provider, "5.99.0", runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-aws_v5.99.0"), "another version")
			write(t, filepath.Join(provider, "5.100.0", "plan9_mips", "terraform-provider-aws_v5.100.0"), "another platform")
			if got, err := FindMirror(s); got != "" || err != nil {
				t.Fatalf("accepted %q, %v", got, err)
			}
			if c.packed {
				write(t, filepath.Join(provider, fmt.Sprintf("terraform-provider-aws_5.100.0_%s_%s.zip", runtime.GOOS, runtime.GOARCH)), "zip")
			} else {
				write(t, providerBinary(mirror), "binary")
			}
			if got, err := FindMirror(s); got != mirror || err != nil {
				t.Errorf("found %q, %v; want %s", got, err, mirror)
			}
		})
	}
}

func TestAMirrorThatWasNamedMustHoldTheProvider(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, ".terraform.lock.hcl"), lockFile)
	_, err := FindMirror(MirrorSearch{Root: dir, Explicit: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "hashicorp/aws 5.100.0") || hint.Of(err) == "" {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	if _, err := FindMirror(MirrorSearch{Root: t.TempDir()}); err == nil || hint.Of(err) == "" {
		t.Errorf("without a lock file: %v", err)
	}
}

func TestTheUsersOwnConfigurationOfProvidersIsRespected(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if HasInstallation("", home) || HasInstallation("/no/such/file", home) {
		t.Error("found a file that does not exist")
	}
	write(t, filepath.Join(home, ".terraformrc"), "credentials \"x\" {}\n")
	if HasInstallation("", home) {
		t.Error("credentials count as a provider installation")
	}
	write(t, filepath.Join(home, ".terraformrc"), "provider_installation {\n}\n")
	if !HasInstallation("", home) || HasInstallation(filepath.Join(home, "missing"), home) {
		t.Error("the file in the home folder must not count if another is named")
	}
}
