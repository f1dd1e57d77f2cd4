package filelock

import (
	"os"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Try returns an error: an inherited lock, which a supervisor needs, does not exist on
// Windows.
func Try(*os.File) error { return hint.NotOnWindows("locking the state directory") }

// TryShared returns an error, as Try does.
func TryShared(f *os.File) error { return Try(f) }
