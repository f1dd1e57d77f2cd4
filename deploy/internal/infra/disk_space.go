package infra

import (
	"fmt"

	"github.com/reliableq/reliableq/deploy/internal/diskspace"
	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// minFreeSpace is the free disk space, in bytes, that a run needs. A state of this
// project takes 0.2 MB, and is written together with its backup and a plan.
const minFreeSpace = 4 << 20

// checkFreeSpace refuses a run whose state may not fit on the disk.
func checkFreeSpace(folder string) error {
	if free, known := diskspace.Free(folder); known && free < minFreeSpace {
		return hint.New(fmt.Sprintf("only %d KB are free on the disk with %s: the state may not fit", free>>10, folder),
			"free some disk space, or use a directory on another disk with --state-dir")
	}
	return nil
}
