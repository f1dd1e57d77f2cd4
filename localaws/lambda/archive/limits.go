package archive

import (
	"bytes"
	"fmt"
	"io"
)

// errTooManyEntries is the error for a zip with too many entries.
var errTooManyEntries = fmt.Errorf("more than %d entries", MaxEntries)

// errDirectory is the error for a zip whose directory is too large.
var errDirectory = fmt.Errorf("its directory is larger than %d bytes", MaxDirectory)

// signature begins the header of each entry in a zip's directory.
var signature = []byte("PK\x01\x02")

// searchSize is how many bytes at the end of a zip are read to find its directory. They
// may be read again as part of the directory.
const searchSize = 128 << 10

// limitedReader reads a zip file, and fails when its directory exceeds the limits of this
// package. Package archive/zip allocates memory for every entry before the entries can be
// counted, and ignores the number that the zip itself claims.
type limitedReader struct {
	content []byte
	listed  bool // the directory was read: from now on entries are read, without limits

	read    int    // bytes so far
	headers int    // signatures in them
	next    int64  // where the last read ended
	before  []byte // its last bytes, which may be the beginning of a signature
}

// ReadAt implements io.ReaderAt.
func (z *limitedReader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off > int64(len(z.content)) {
		return 0, io.EOF
	}

	n = copy(p, z.content[off:])
	if n < len(p) {
		err = io.EOF
	}

	if z.listed {
		return n, err
	}

	// Count the bytes.
	if z.read += n; z.read > MaxDirectory+searchSize {
		return 0, errDirectory
	}

	// Count the signatures, including one that begins in the last read.
	if off != z.next {
		z.before = nil
	}

	seen := append(z.before, p[:n]...)
	z.headers += bytes.Count(seen, signature)
	if z.headers > MaxEntries+searchSize/len(signature) {
		return 0, errTooManyEntries
	}

	z.next = off + int64(n)
	z.before = bytes.Clone(seen[max(0, len(seen)-len(signature)+1):])
	return n, err
}
