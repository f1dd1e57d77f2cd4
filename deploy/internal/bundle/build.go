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

// Platform is what a function's binary runs on, in Go's names.
type Platform struct {
	// OS is linux on AWS; the embedded AWS runs functions on its own system.
	OS string
	// Arch is amd64 or arm64.
	Arch string
}

// Host is the platform of this machine.
func Host() Platform { return Platform{OS: runtime.GOOS, Arch: runtime.GOARCH} }

// String is the platform as Terraform's and Go's folders name it.
func (p Platform) String() string { return p.OS + "_" + p.Arch }

// Lambda is the architecture in Lambda's words, arm64 or x86_64.
func (p Platform) Lambda() string {
	if p.Arch == "amd64" {
		return "x86_64"
	}
	return p.Arch
}

// ParseArch reads an architecture in Go's or in Lambda's words.
func ParseArch(s string) (string, error) {
	switch s {
	case "amd64", "x86_64":
		return "amd64", nil
	case "arm64", "aarch64":
		return "arm64", nil
	}
	return "", hint.New(fmt.Sprintf("architecture %q is not one of Lambda's", s), "use arm64 or x86_64")
}

// Options says what to build.
type Options struct {
	// Functions is the folder with one main package for each function.
	Functions string
	// Dist is where the zips go, as NAME.zip.
	Dist string
	// Platform is what the binaries are for.
	Platform Platform
	// Force also replaces zips that were not made here.
	Force bool
	// Go is the Go tool; empty means the one on PATH.
	Go string
}

// Result is what became of one function.
type Result struct {
	// Name is the function's folder, such as producer.
	Name string `json:"name"`
	// Path is the zip.
	Path string `json:"path"`
	// Bytes is the size of the zip.
	Bytes int64 `json:"bytes"`
	// SHA256 is the zip's digest in base64, as Lambda reports it.
	SHA256 string `json:"sha256"`
	// Architecture is the package's architecture, as Lambda spells it; empty where
	// another tool made it and its header does not show it.
	Architecture string `json:"architecture,omitempty"`
	// Status is built, up to date, or foreign: made by another tool, and left.
	Status Status `json:"status"`
}

// Status says what Build did for one function.
type Status string

// What can become of a zip.
const (
	// Built means that the zip was written.
	Built Status = "built"
	// UpToDate means that the zip held these very bytes already.
	UpToDate Status = "up to date"
	// Foreign means that another tool made the zip, and that it was left alone.
	Foreign Status = "foreign"
)

// Build makes the zip of every function. Results are in order of name. Nothing is
// replaced until all binaries are built.
func Build(ctx context.Context, o Options) ([]Result, error) {
	names, err := Mains(o.Functions)
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(o.Dist, ".build", o.Platform.String())
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, hint.With(fmt.Errorf("make the folder for binaries: %w", err), "make it writable, and see that the disk is not full")
	}
	results, own, err := sort(names, o)
	if err != nil {
		return nil, err
	}
	if err := compile(ctx, o, bin, own); err != nil {
		return nil, err
	}
	for i := range results {
		if err := pack(&results[i], filepath.Join(bin, results[i].Name), o.Platform); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// sort tells the functions whose zip is ours to make from those whose zip another
// tool made.
func sort(names []string, o Options) (results []Result, own []string, err error) {
	for _, name := range names {
		r := Result{Name: name, Path: filepath.Join(o.Dist, name+".zip"), Status: Built}
		ours, err := madeHere(r.Path)
		if err != nil && !o.Force {
			return nil, nil, err
		}
		if ours || o.Force {
			own = append(own, name)
		} else {
			r.Status = Foreign
		}
		results = append(results, r)
	}
	return results, own, nil
}

// compile runs the Go tool once for all functions; what is up to date it leaves.
func compile(ctx context.Context, o Options, bin string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	tool := o.Go
	if tool == "" {
		found, err := exec.LookPath("go")
		if err != nil {
			return hint.With(fmt.Errorf("build the functions: %w", err), "install Go from https://go.dev/dl, or add it to PATH")
		}
		tool = found
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-tags=lambda.norpc", "-o", bin + string(filepath.Separator)}
	for _, name := range names {
		args = append(args, "./"+name)
	}
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir = o.Functions
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+o.Platform.OS, "GOARCH="+o.Platform.Arch, "GOFLAGS="+goflags(os.Getenv("GOFLAGS")))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("build the functions: %w", ctx.Err())
		}
		return buildError(err, said.String(), o)
	}
	return nil
}

// goflags keeps only what does not change the binary: reproducible means that a
// user's build flags stay out.
func goflags(user string) string {
	var kept []string
	for _, f := range strings.Fields(user) {
		if strings.HasPrefix(f, "-mod=") || strings.HasPrefix(f, "-modcacherw") {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " ")
}

func buildError(err error, said string, o Options) error {
	next := "fix the function's source; the compiler's words are above"
	switch {
	case strings.Contains(said, "no space left on device"):
		next = "free some disk space, or point GOCACHE and TMPDIR to another disk"
	case strings.Contains(said, "dial tcp") || strings.Contains(said, "no such host"):
		next = "Go could not fetch a module: connect to a network once, or set GOPROXY to a mirror that you can reach"
	}
	text := strings.TrimSpace(said)
	if text == "" {
		text = err.Error()
	}
	return hint.With(fmt.Errorf("build the functions in %s for %s:\n%w", o.Functions, o.Platform, errors.New(text)), next)
}
