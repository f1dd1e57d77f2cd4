package infra

import (
	"fmt"
	"syscall"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// leastRoom is the free disk space to begin a run with. A state of this project
// takes 0.2 MB, and is written together with its backup and a plan.
const leastRoom = 4 << 20

// checkRoom refuses to begin when the state could not be saved.
func checkRoom(folder string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return nil // a system that does not tell
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < leastRoom {
		return hint.New(fmt.Sprintf("%d KB are free on the disk that holds %s: the state might not be saved", free>>10, folder),
			"free some disk space, or put the state on another disk with --state-dir")
	}
	return nil
}
