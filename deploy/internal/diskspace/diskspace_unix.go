//go:build unix

package diskspace

import "golang.org/x/sys/unix"

// Free returns how many bytes this user can still write on the disk with path. It
// reports false where that is not known.
func Free(path string) (bytes uint64, known bool) {
	var s unix.Statfs_t
	// File systems that are not on a disk have no blocks.
	if err := unix.Statfs(path, &s); err != nil || s.Blocks == 0 {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}
