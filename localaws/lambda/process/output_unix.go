//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

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
			again, end = o.take(fd)
			return !again
		})
		if err != nil || end {
			return
		}
	}
}

// take reads once. again says that there was nothing, end that nothing will be.
func (o *output) take(fd uintptr) (again, end bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := syscall.Read(int(fd), o.buf)
	switch {
	case errors.Is(err, syscall.EINTR):
		return false, false
	case errors.Is(err, syscall.EAGAIN):
		return true, false
	case err != nil || n <= 0:
		return false, true
	}
	o.emit(o.buf[:n])
	return false, false
}

// drain reads until there is nothing more for now. It answers at once when the
// pipe was closed, which is the one way for it to fail.
func (o *output) drain() {
	_ = o.conn.Control(func(fd uintptr) {
		for {
			if again, end := o.take(fd); again || end {
				return
			}
		}
	})
}

// close lets go of the pipe and ends the goroutine.
func (o *output) close() {
	o.file.Close()
	<-o.done
}
