//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package tempdir

import (
	"errors"
	"io/fs"
	"os"
)

// errHeld is returned for every lock: this system has no flock(2), so that nothing
// is known to be stale.
var errHeld = errors.New("this system has no file locks")

// lockNew makes no lock.
func lockNew(string) (*os.File, error) { return nil, nil }

// lockExisting refuses.
func lockExisting(*os.Root) (*os.File, error) { return nil, errHeld }

// ownedByThisUser reports false.
func ownedByThisUser(fs.FileInfo) bool { return false }
