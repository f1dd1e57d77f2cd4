//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// largestPipe is the most that a pipe holds, /proc/sys/fs/pipe-max-size on Linux: a
// program without privileges can enlarge its own to that.
const largestPipe = 1 << 20

// output reads a program's pipe. Its own goroutine reads as data comes; drain
// reads at once what is there, so that what was written before an answer is
// handed on before the answer is. Both read under mu and without blocking, which
// keeps the order.
type output struct {
	file *os.File
	conn syscall.RawConn
	emit func([]byte)
	done chan struct{}

	mu  sync.Mutex
	buf []byte
}

func newOutput(r *os.File, emit func([]byte)) (*output, error) {
	conn, err := r.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("read the output's pipe: %w", err)
	}
	o := &output{file: r, conn: conn, emit: emit, done: make(chan struct{}), buf: make([]byte, 16<<10)}
	go o.loop()
	return o, nil
}

// loop waits for data until the pipe ends or is closed.
func (o *output) loop() {
	defer close(o.done)
	for {
		end := true
		err := o.conn.Read(func(fd uintptr) bool {
			var again bool
			_, again, end = o.take(fd)
			return !again
		})
		if err != nil || end {
			return
		}
	}
}

// take reads once and returns how much. again reports that there was nothing, end that
// nothing will be.
func (o *output) take(fd uintptr) (n int, again, end bool) {
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

// drain reads until there is nothing more for now, or until it has read as much as
// a pipe can hold: what was written before the call is read by then, and a program
// that writes without end does not keep it. It returns at once when the pipe was
// closed, which is the one way for it to fail.
func (o *output) drain() {
	_ = o.conn.Control(func(fd uintptr) {
		for read := 0; read < largestPipe; {
			n, again, end := o.take(fd)
			if again || end {
				return
			}
			read += n
		}
	})
}

// close lets go of the pipe and ends the goroutine.
func (o *output) close() {
	o.file.Close()
	<-o.done
}
