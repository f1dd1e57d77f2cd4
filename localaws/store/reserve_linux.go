package store

import (
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// reserve allocates n bytes of the disk for a file without writing them, and reports
// whether the file system can. Writing them would be most of the time of the first start.
func reserve(f vfs.File, n int64) bool {
	fd := f.Fd()
	return fd != vfs.InvalidFd && syscall.Fallocate(int(fd), 0, 0, n) == nil
}
