//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// maxPipe is the largest capacity of a pipe in bytes, /proc/sys/fs/pipe-max-size on
// Linux: a program without privileges can enlarge its pipe up to that.
const maxPipe = 1 << 20

// output reads a program's pipe. Its goroutine reads when data comes. drain reads at
// once what the pipe holds, so that output written before a response is passed on
// before the response. Both read while they hold mu, and without blocking, so that the
// order is preserved.
type output struct {
	file *os.File
	conn syscall.RawConn
	emit func([]byte)
	done chan struct{} // closed when the goroutine has ended

	mu  sync.Mutex
	buf []byte
}

// newOutput starts to read from r, and owns r from now on unless it fails.
func newOutput(r *os.File, emit func([]byte)) (*output, error) {
	conn, err := r.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("read the output's pipe: %w", err)
	}

	o := &output{
		file: r,
		conn: conn,
		emit: emit,
		done: make(chan struct{}),
		buf:  make([]byte, 16<<10),
	}

	go o.loop()
	return o, nil
}

// loop reads until the pipe ends or is closed.
func (o *output) loop() {
	defer close(o.done)

	for {
		end := true
		err := o.conn.Read(func(fd uintptr) bool {
			var empty bool
			_, empty, end = o.readOnce(fd)
			return !empty
		})
		if err != nil || end {
			return
		}
	}
}

// readOnce reads once, and returns the number of bytes. empty reports that the pipe
// holds nothing at the moment, end that it has no more writers.
func (o *output) readOnce(fd uintptr) (n int, empty, end bool) {
	o.mu.Lock()
	defer o.mu.Unlock()

	n, err := syscall.Read(int(fd), o.buf)
	switch {
	case errors.Is(err, syscall.EINTR):
		return 0, false, false
	case errors.Is(err, syscall.EAGAIN):
		return 0, true, false
	case err != nil || n <= 0:
		return 0, false, true
	}

	o.emit(o.buf[:n])
	return n, false, false
}

// drain reads until the pipe is empty, or until it has read as much as a pipe can hold.
// That includes everything written before the call, and a program that writes without
// an end does not block drain. It returns at once when the pipe was closed.
func (o *output) drain() {
	// The only error is that the pipe was closed.
	_ = o.conn.Control(func(fd uintptr) {
		for read := 0; read < maxPipe; {
			n, empty, end := o.readOnce(fd)
			if empty || end {
				return
			}
			read += n
		}
	})
}

// close closes the pipe, and waits for the goroutine to end.
func (o *output) close() {
	_ = o.file.Close() // nothing was written
	<-o.done
}
