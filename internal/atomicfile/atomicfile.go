// Package atomicfile writes files atomically: a reader sees the old content or the new
// one, and an interrupted command keeps the old one.
package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write replaces the file at path with body, with mode 0644. The directory must exist.
func Write(path string, body []byte) error {
	// In the same directory, because a rename cannot cross file systems.
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}

	defer os.Remove(tmp.Name()) // does nothing after the rename

	if _, err := tmp.Write(body); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), tmp.Close())
	}
	if err := errors.Join(tmp.Chmod(0o644), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}

	return nil
}
