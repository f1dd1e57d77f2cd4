package experiment

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/reliableq/reliableq/internal/atomicfile"
)

// Writer writes a report in one of its forms.
type Writer func(io.Writer, Report) error

// WriteJSON writes a report as one JSON object.
func WriteJSON(w io.Writer, r Report) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	return nil
}

// WriteFile writes a report to a file atomically.
func WriteFile(path string, r Report, write Writer) error {
	var b bytes.Buffer
	if err := write(&b, r); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return atomicfile.Write(path, b.Bytes())
}

// WriteAll writes a report to a directory in every form, and returns the paths of
// the files. It creates the directory if it does not exist.
func WriteAll(dir string, r Report) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create the report directory: %w", err)
	}

	var written []string
	for _, form := range []struct {
		name  string
		write Writer
	}{{"report.html", WriteHTML}, {"results.csv", WriteCSV}, {"results.json", WriteJSON}} {
		path := filepath.Join(dir, form.name)
		if err := WriteFile(path, r, form.write); err != nil {
			return nil, err
		}

		written = append(written, path)
	}

	// The charts are in the page too; the files are for other documents.
	plots, err := WritePlots(dir, r)
	if err != nil {
		return nil, err
	}

	for _, name := range plots {
		written = append(written, filepath.Join(dir, name))
	}

	return written, nil
}
