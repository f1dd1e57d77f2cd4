// Package functionzip makes deployment packages of functions for programs that drive
// the embedded AWS: the benchmark and the soak.
package functionzip

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
)

// Of returns a deployment package whose bootstrap is the file at program.
func Of(program string) ([]byte, error) {
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read the function's program: %w", err)
	}

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
