package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Platform is the platform of a function's binary, as Go spells it.
type Platform struct {
	// OS is linux for AWS, and this machine's for the embedded AWS.
	OS string
	// Arch is amd64 or arm64.
	Arch string
}

// Host returns the platform of this machine.
func Host() Platform { return Platform{OS: runtime.GOOS, Arch: runtime.GOARCH} }

// String returns the platform as in the directories of Go and Terraform.
func (p Platform) String() string { return p.OS + "_" + p.Arch }

// Lambda returns the architecture as Lambda spells it, arm64 or x86_64.
func (p Platform) Lambda() string {
	if p.Arch == "amd64" {
		return "x86_64"
	}
	return p.Arch
}

// ParseArch returns an architecture as Go spells it. s is Go's or Lambda's spelling.
func ParseArch(s string) (string, error) {
	switch s {
	case "amd64", "x86_64":
		return "amd64", nil
	case "arm64", "aarch64":
		return "arm64", nil
	}
	return "", hint.New(fmt.Sprintf("Lambda has no architecture %q", s), "use arm64 or x86_64")
}

// Options are what to build.
type Options struct {
	// Functions is the directory with one main package for each function.
	Functions string
	// Dist is the directory of the zips, NAME.zip.
	Dist string
	// Platform is the platform of the binaries.
	Platform Platform
	// Force also replaces zips of other tools.
	Force bool
	// Go is the path of the Go tool; empty means the one on PATH.
	Go string
}

// Result is the result for one function.
type Result struct {
	// Name is the name of the function's directory, such as producer.
	Name string `json:"name"`
	// Path is the path of the zip.
	Path string `json:"path"`
	// Bytes is the size of the zip.
	Bytes int64 `json:"bytes"`
	// SHA256 is the zip's digest in base64, as Lambda reports it.
	SHA256 string `json:"sha256"`
	// Architecture is the zip's architecture, as Lambda spells it; empty if another tool
	// made the zip and its header does not show it.
	Architecture string `json:"architecture,omitempty"`
	// Status is built, up to date, or foreign: made by another tool.
	Status Status `json:"status"`
}

// Status is what Build did for one function.
type Status string

// What Build can do.
const (
	// Built means that the zip was written.
	Built Status = "built"
	// UpToDate means that the zip already had this binary.
	UpToDate Status = "up to date"
	// Foreign means that another tool made the zip, and that it was not replaced.
	Foreign Status = "foreign"
)

// Build builds the zip of every function, and returns results in order of name. It
// replaces no zip until all binaries are built.
func Build(ctx context.Context, o Options) ([]Result, error) {
	names, err := Mains(o.Functions)
	if err != nil {
		return nil, err
	}

	bin := filepath.Join(o.Dist, ".build", o.Platform.String())
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, hint.With(fmt.Errorf("cannot create the directory for binaries: %w", err), "make it writable, and check that the disk is not full")
	}

	// Compile everything before the first zip is replaced.
	results, toBuild, err := classify(names, o)
	if err != nil {
		return nil, err
	}

	if err := compile(ctx, o, bin, toBuild); err != nil {
		return nil, err
	}

	for i := range results {
		if err := pack(&results[i], filepath.Join(bin, results[i].Name), o.Platform); err != nil {
			return nil, err
		}
	}

	return results, nil
}

// classify returns a result for each function, and the names of those to build: all but
// those whose zip another tool made.
func classify(names []string, o Options) (results []Result, toBuild []string, err error) {
	for _, name := range names {
		r := Result{
			Name:   name,
			Path:   filepath.Join(o.Dist, name+".zip"),
			Status: Built,
		}

		// A damaged zip is an error, unless --force replaces it.
		ours, err := replaceable(r.Path)
		if err != nil && !o.Force {
			return nil, nil, err
		}

		if ours || o.Force {
			toBuild = append(toBuild, name)
		} else {
			r.Status = Foreign
		}

		results = append(results, r)
	}

	return results, toBuild, nil
}

// compile runs the Go tool once for all functions.
func compile(ctx context.Context, o Options, bin string, names []string) error {
	if len(names) == 0 {
		return nil
	}

	// Tests replace the Go tool.
	tool := o.Go
	if tool == "" {
		found, err := exec.LookPath("go")
		if err != nil {
			return hint.With(fmt.Errorf("build the functions: %w", err), "install Go from https://go.dev/dl, or add it to PATH")
		}
		tool = found
	}

	// These flags make the binary independent of the machine.
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-tags=lambda.norpc", "-o", bin + string(filepath.Separator)}
	for _, name := range names {
		args = append(args, "./"+name)
	}

	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir = o.Functions
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+o.Platform.OS, "GOARCH="+o.Platform.Arch, "GOFLAGS="+goflags(os.Getenv("GOFLAGS")))
	var output bytes.Buffer
	cmd.Stdout = &output
	cmd.Stderr = &output
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("build the functions: %w", ctx.Err())
		}
		return buildError(err, output.String(), o)
	}

	return nil
}

// goflags returns the flags of the user's GOFLAGS that do not change the binary. With the
// others, the same sources would give another binary on another machine.
func goflags(user string) string {
	var allowed []string
	for _, f := range strings.Fields(user) {
		if strings.HasPrefix(f, "-mod=") || strings.HasPrefix(f, "-modcacherw") {
			allowed = append(allowed, f)
		}
	}
	return strings.Join(allowed, " ")
}

// buildError returns the error of the Go tool, with its output.
func buildError(err error, output string, o Options) error {
	// The hint depends on what the tool printed.
	next := "fix the function's source: see the compiler's output above"
	switch {
	case strings.Contains(output, "no space left on device"):
		next = "free some disk space, or set GOCACHE and TMPDIR to another disk"
	case strings.Contains(output, "dial tcp") || strings.Contains(output, "no such host"):
		next = "Go could not download a module: connect to a network, or set GOPROXY to a mirror that is reachable"
	}
	text := strings.TrimSpace(output)
	if text == "" {
		text = err.Error()
	}
	return hint.With(fmt.Errorf("build the functions in %s for %s:\n%w", o.Functions, o.Platform, errors.New(text)), next)
}
