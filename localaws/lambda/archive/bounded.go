package archive

import (
	"bytes"
	"fmt"
	"io"
)

// errTooMany refuses a zip with too many entries.
var errTooMany = fmt.Errorf("more than %d entries", MaxEntries)

// errDirectory refuses a zip whose directory is too large.
var errDirectory = fmt.Errorf("its directory is larger than %d bytes", MaxDirectory)

// signature begins the header of each entry in a zip's directory.
var signature = []byte("PK\x01\x02")

// searched is how much of a zip's end is read to find its directory, which may be
// read again as part of the directory.
const searched = 128 << 10

// bounded is a zip file whose directory is read as far as the bounds of this package
// allow. Package archive/zip allocates for every entry before anybody can count them,
// and does not trust the number that the zip itself claims.
type bounded struct {
	content []byte
	open    bool // the directory was read, and the entries may be

	read    int    // bytes so far
	headers int    // signatures in them
	next    int64  // where the last read ended
	before  []byte // its last bytes, which may begin a signature
}

// ReadAt is the method of io.ReaderAt.
func (z *bounded) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off > int64(len(z.content)) {
		return 0, io.EOF
	}
	n = copy(p, z.content[off:])
	if n < len(p) {
		err = io.EOF
	}
	if z.open {
		return n, err
	}

	if z.read += n; z.read > MaxDirectory+searched {
		return 0, errDirectory
	}
	if off != z.next {
		z.before = nil
	}
	seen := append(z.before, p[:n]...)
	z.headers += bytes.Count(seen, signature)
	if z.headers > MaxEntries+searched/len(signature) {
		return 0, errTooMany
	}
	z.next = off + int64(n)
	z.before = bytes.Clone(seen[max(0, len(seen)-len(signature)+1):])
	return n, err
}
