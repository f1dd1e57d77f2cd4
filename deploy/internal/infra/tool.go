package infra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// The lowest versions that the modules support, and the version that is downloaded.
const (
	minTerraform    = "1.11.0"
	minTofu         = "1.10.0"
	downloadVersion = "1.11.4"
)

// Tool is a Terraform or OpenTofu binary.
type Tool struct {
	// Path is the binary.
	Path string
	// Version is its version, such as 1.11.4.
	Version string
	// Tofu is true for OpenTofu.
	Tofu bool
}

// Name returns the product's name.
func (t Tool) Name() string {
	if t.Tofu {
		return "OpenTofu"
	}
	return "Terraform"
}

// ToolSearch tells FindTool where to search.
type ToolSearch struct {
	// Want is terraform, tofu, or a path; empty means any.
	Want string
	// Path is a list of directories in the form of the environment variable PATH.
	Path string
	// Downloaded is the directory for a downloaded tool.
	Downloaded string
	// Download downloads a tool into a directory and returns its path; nil means from
	// HashiCorp's releases.
	Download func(ctx context.Context, into string) (string, error)
	// Say reports to the user that a download begins.
	Say func(format string, args ...any)
}

// FindTool returns the tool to use: the one that Want names, else terraform on PATH,
// else tofu on PATH, else an earlier download, else a new download.
func FindTool(ctx context.Context, s ToolSearch) (Tool, error) {
	if strings.ContainsRune(s.Want, filepath.Separator) {
		t, err := inspect(ctx, s.Want)
		return t, hint.With(err, "set --tool to the path of terraform or tofu")
	}

	// Prefer Terraform if the user asks for neither.
	names := []string{"terraform", "tofu"}
	if s.Want != "" {
		names = []string{s.Want}
	}

	// A tool that is too old is reported only if no other is found.
	var tooOld []error
	for _, name := range names {
		path := lookPath(name, s.Path)
		if path == "" {
			continue
		}

		t, err := inspect(ctx, path)
		if err == nil {
			return t, nil
		}

		tooOld = append(tooOld, err)
	}

	// OpenTofu is not downloaded.
	if s.Want == "tofu" {
		return Tool{}, hint.With(errors.Join(append(tooOld, errors.New("tofu is not on PATH"))...), "install OpenTofu 1.10 or later, or name its path with --tool")
	}

	return downloaded(ctx, s, tooOld)
}

// downloaded returns the tool of an earlier download, or downloads it. before are the
// errors of tools on PATH.
func downloaded(ctx context.Context, s ToolSearch, before []error) (Tool, error) {
	if t, err := inspect(ctx, filepath.Join(s.Downloaded, "terraform")); err == nil {
		return t, nil
	}

	if err := os.MkdirAll(s.Downloaded, 0o755); err != nil {
		return Tool{}, hint.With(fmt.Errorf("create a directory for terraform: %w", err), "use a writable directory with --state-dir")
	}

	// Tests replace the download.
	download := s.Download
	if download == nil {
		download = downloadRelease
	}

	s.Say("terraform %s or later is not on PATH: downloading %s from HashiCorp to %s", minTerraform, downloadVersion, s.Downloaded)
	path, err := download(ctx, s.Downloaded)
	if err != nil {
		if ctx.Err() != nil {
			return Tool{}, fmt.Errorf("download terraform: %w", ctx.Err())
		}
		err = errors.Join(append(before, fmt.Errorf("terraform %s or later is not on PATH, and the download failed: %w", minTerraform, err))...)
		return Tool{}, hint.With(err, "install it from https://developer.hashicorp.com/terraform/install, connect to a network, or set --tool to its path")
	}

	return inspect(ctx, path)
}

// downloadRelease downloads the tool from HashiCorp, which checks its signature.
func downloadRelease(ctx context.Context, into string) (string, error) {
	v, err := version.NewVersion(downloadVersion)
	if err != nil {
		return "", err
	}

	release := &releases.ExactVersion{
		Product:    product.Terraform,
		Version:    v,
		InstallDir: into,
		LicenseDir: into,
		Timeout:    5 * time.Minute,
		HTTPClient: &http.Client{}, // the default client retries for 15 s where there is no network
	}

	return release.Install(ctx)
}

// lookPath returns the path of an executable in a list of directories, or "". Relative
// directories are skipped: a program of the working directory must not run by accident.
func lookPath(name, folders string) string {
	for _, dir := range filepath.SplitList(folders) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && filepath.IsAbs(path) {
			return path
		}
	}
	return ""
}

// inspect returns the tool at path, or an error if it is too old.
func inspect(ctx context.Context, path string) (Tool, error) {
	// Ask the binary itself. CHECKPOINT_DISABLE stops it from looking for updates.
	cmd := exec.CommandContext(ctx, path, "version", "-json")
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	var out, errs bytes.Buffer
	cmd.Stdout = &out
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		return Tool{}, fmt.Errorf("run %s version: %w%s", path, err, indented(errs.String()))
	}

	var printed struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal(out.Bytes(), &printed); err != nil {
		return Tool{}, fmt.Errorf("decode the output of %s version: %w", path, err)
	}

	t := Tool{
		Path:    path,
		Version: printed.Version,
		Tofu:    strings.Contains(filepath.Base(path), "tofu"),
	}

	oldest := minTerraform
	if t.Tofu {
		oldest = minTofu
	}

	have, err := version.NewVersion(printed.Version)
	if err != nil {
		return Tool{}, fmt.Errorf("parse the version of %s: %w", path, err)
	}
	if have.Core().LessThan(version.Must(version.NewVersion(oldest))) {
		return Tool{}, hint.New(fmt.Sprintf("%s is version %s, but %s or later is needed", path, printed.Version, oldest), "update it, or use another with --tool")
	}

	return t, nil
}

// indented returns text on lines of its own below an error, or "" for no text.
func indented(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	return "\n  " + strings.ReplaceAll(text, "\n", "\n  ")
}
