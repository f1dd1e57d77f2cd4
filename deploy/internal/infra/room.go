package infra

import (
	"fmt"
	"syscall"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// minFreeSpace is the free disk space, in bytes, that a run needs. A state of this
// project takes 0.2 MB, and is written together with its backup and a plan.
const minFreeSpace = 4 << 20

// checkFreeSpace refuses a run whose state may not fit on the disk.
func checkFreeSpace(folder string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return nil // the free space is not known
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < minFreeSpace {
		return hint.New(fmt.Sprintf("only %d KB are free on the disk with %s: the state may not fit", free>>10, folder),
			"free some disk space, or use a directory on another disk with --state-dir")
	}
	return nil
}
