//go:build unix

package process

import (
	"os"
	"testing"
)

// A program that writes as fast as its output is read does not block drain. Here
// everything that is read is written to the pipe again, until a hundred times its
// capacity was read.
func TestDrainReturnsWhileAProgramPrintsWithoutEnd(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	conn, err := r.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	o := &output{file: r, conn: conn, buf: make([]byte, 16<<10), emit: func(p []byte) {
		if read += len(p); read < 100*maxPipe {
			if _, err := w.Write(p); err != nil {
				t.Error(err)
			}
		}
	}}
	if _, err := w.Write(make([]byte, 32<<10)); err != nil {
		t.Fatal(err)
	}
	o.drain()
	if read > maxPipe+len(o.buf) || read < 32<<10 {
		t.Errorf("drain read %d bytes, from a pipe with a capacity of %d", read, maxPipe)
	}
}
