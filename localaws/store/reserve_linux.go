package store

import (
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// reserve makes a file n bytes long that are its own on the disk, without writing
// them, and reports whether the file system could: the first start would spend
// most of its time on them.
func reserve(f vfs.File, n int64) bool {
	fd := f.Fd()
	return fd != vfs.InvalidFd && syscall.Fallocate(int(fd), 0, 0, n) == nil
}
