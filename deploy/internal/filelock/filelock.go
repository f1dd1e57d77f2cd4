// Package filelock locks files between processes.
//
// A lock is held until every process that has inherited the open file has closed it or
// has ended, however it ended: the kernel releases it.
package filelock

import "errors"

// ErrHeld means that another open file holds the lock, in this or another process.
var ErrHeld = errors.New("another process holds the lock")
