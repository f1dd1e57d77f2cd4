// Package wholefile writes files whole or not at all, so that nobody reads half
// of one, and an interrupted command leaves what was there before.
package wholefile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write puts body in place of what path names, readable by everybody. The folder
// must be there.
func Write(path string, body []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}

	defer os.Remove(tmp.Name())

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
