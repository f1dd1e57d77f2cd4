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

// Least versions that the modules run with, and the one that is fetched where
// there is none.
const (
	leastTerraform = "1.11.0"
	leastTofu      = "1.10.0"
	fetchVersion   = "1.11.4"
)

// Tool is a Terraform or OpenTofu binary.
type Tool struct {
	// Path is the binary.
	Path string
	// Version is what it says of itself, such as 1.11.4.
	Version string
	// Tofu says that it is OpenTofu.
	Tofu bool
}

// Name is how people call it.
func (t Tool) Name() string {
	if t.Tofu {
		return "OpenTofu"
	}
	return "Terraform"
}

// ToolSearch says where to look for a tool.
type ToolSearch struct {
	// Want is terraform, tofu, or a path; empty means what is there.
	Want string
	// Path lists folders as the environment variable PATH does.
	Path string
	// Downloaded is the folder for a tool that is fetched.
	Downloaded string
	// Download gets a tool from the network into the folder and answers its path;
	// nil means HashiCorp's releases.
	Download func(ctx context.Context, into string) (string, error)
	// Say tells the person that a download begins.
	Say func(format string, args ...any)
}

// FindTool answers the tool to use: the one that is wanted, else terraform on
// PATH, else tofu on PATH, else one fetched earlier, else one fetched now.
func FindTool(ctx context.Context, s ToolSearch) (Tool, error) {
	if strings.ContainsRune(s.Want, filepath.Separator) {
		t, err := inspect(ctx, s.Want)
		return t, hint.With(err, "give --tool the path of terraform or tofu")
	}
	names := []string{"terraform", "tofu"}
	if s.Want != "" {
		names = []string{s.Want}
	}
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
	if s.Want == "tofu" {
		return Tool{}, hint.With(errors.Join(append(tooOld, errors.New("tofu is not on PATH"))...), "install OpenTofu 1.10 or later, or name its path with --tool")
	}
	return fetched(ctx, s, tooOld)
}

// fetched answers the tool of an earlier fetch, or fetches it.
func fetched(ctx context.Context, s ToolSearch, before []error) (Tool, error) {
	if t, err := inspect(ctx, filepath.Join(s.Downloaded, "terraform")); err == nil {
		return t, nil
	}
	if err := os.MkdirAll(s.Downloaded, 0o755); err != nil {
		return Tool{}, hint.With(fmt.Errorf("make a folder for terraform: %w", err), "choose a folder that you may write to with --state-dir")
	}
	fetch := s.Download
	if fetch == nil {
		fetch = fetchRelease
	}
	s.Say("terraform %s or later is not on PATH: fetching %s from HashiCorp into %s", leastTerraform, fetchVersion, s.Downloaded)
	path, err := fetch(ctx, s.Downloaded)
	if err != nil {
		if ctx.Err() != nil {
			return Tool{}, fmt.Errorf("fetch terraform: %w", ctx.Err())
		}
		err = errors.Join(append(before, fmt.Errorf("terraform %s or later is not on PATH, and it could not be fetched: %w", leastTerraform, err))...)
		return Tool{}, hint.With(err, "install it from https://developer.hashicorp.com/terraform/install, connect to a network, or name its path with --tool")
	}
	return inspect(ctx, path)
}

func fetchRelease(ctx context.Context, into string) (string, error) {
	v, err := version.NewVersion(fetchVersion)
	if err != nil {
		return "", err
	}
	release := &releases.ExactVersion{
		Product: product.Terraform, Version: v, InstallDir: into, LicenseDir: into, Timeout: 5 * time.Minute,
		HTTPClient: &http.Client{}, // the usual one would try for 15 s where there is no network
	}
	return release.Install(ctx)
}

// lookPath finds an executable in a list of folders.
func lookPath(name, folders string) string {
	for _, dir := range filepath.SplitList(folders) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && filepath.IsAbs(path) {
			return path
		}
	}
	return ""
}

// inspect asks a binary what it is, and refuses one that is too old.
func inspect(ctx context.Context, path string) (Tool, error) {
	cmd := exec.CommandContext(ctx, path, "version", "-json")
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return Tool{}, fmt.Errorf("run %s version: %w%s", path, err, indented(errs.String()))
	}
	var said struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		return Tool{}, fmt.Errorf("understand what %s version says: %w", path, err)
	}
	t := Tool{Path: path, Version: said.Version, Tofu: strings.Contains(filepath.Base(path), "tofu")}
	least := leastTerraform
	if t.Tofu {
		least = leastTofu
	}
	have, err := version.NewVersion(said.Version)
	if err != nil {
		return Tool{}, fmt.Errorf("understand the version of %s: %w", path, err)
	}
	if have.Core().LessThan(version.Must(version.NewVersion(least))) {
		return Tool{}, hint.New(fmt.Sprintf("%s is version %s, and %s or later is needed", path, said.Version, least), "update it, or name another with --tool")
	}
	return t, nil
}

// indented sets text off below an error, or is empty.
func indented(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	return "\n  " + strings.ReplaceAll(text, "\n", "\n  ")
}
