// Package functionzip builds functions and their deployment packages, for programs that
// measure the embedded AWS.
package functionzip

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// Build builds the Go program of a function, the package with the given import path, to
// the file at path.
func Build(ctx context.Context, importPath, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", path, importPath)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the function: %w: %s", err, out)
	}
	return nil
}

// Zip returns a deployment package whose bootstrap is the file at program.
func Zip(program string) ([]byte, error) {
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read the function's program: %w", err)
	}

	// Write one executable entry.
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	w, err := z.CreateHeader(h)
	if err == nil {
		_, err = w.Write(content)
	}
	if err := errors.Join(err, z.Close()); err != nil {
		return nil, fmt.Errorf("zip the function: %w", err)
	}
	return b.Bytes(), nil
}
