package daemon

import "golang.org/x/sys/unix"

// little is as many bytes as a disk may have left and be called full: what must be
// written no longer fits, though a line of text may.
const little = 1 << 20

// wayOutOfFull is what to do about a full disk.
const wayOutOfFull = "free some disk space, or name a folder on another disk with --state-dir, and start again"

// full reports whether the disk that holds path has next to nothing left. Where
// that cannot be told it has not.
func full(path string) bool {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil || s.Blocks == 0 {
		return false
	}
	return uint64(s.Bavail)*uint64(s.Bsize) < little
}
