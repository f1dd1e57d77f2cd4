package daemon

import "github.com/reliableq/reliableq/deploy/internal/diskspace"

// minFree is the free space, in bytes, below which a disk counts as full: a line of
// text may still fit, but not the state.
const minFree = 1 << 20

// diskFullHint is what to do about a full disk.
const diskFullHint = "free some disk space, or use a directory on another disk with --state-dir, and start again"

// diskFull reports whether the disk with path is full. It returns false if that is not
// known.
func diskFull(path string) bool {
	free, known := diskspace.Free(path)
	return known && free < minFree
}
