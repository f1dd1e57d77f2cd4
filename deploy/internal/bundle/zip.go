package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/internal/atomicfile"
)

// ownComment is the beginning of the comment of every zip that this package makes.
const ownComment = "reliableq function"

// epoch is the time of each entry: the earliest that a zip can have.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// replaceable reports whether Build may replace path: there is no file, or this package
// made it.
func replaceable(path string) (bool, error) {
	comment, err := readComment(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return strings.HasPrefix(comment, ownComment), err
}

// readComment returns the comment of the zip at path.
func readComment(path string) (string, error) {
	r, err := zip.OpenReader(path)
	if errors.Is(err, zip.ErrFormat) {
		return "", hint.With(fmt.Errorf("read %s: %w", path, err), "delete it and build again")
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return r.Comment, r.Close()
}

// pack writes the zip of one function, and completes the result. It leaves a zip that
// already has this binary, and one of another tool, as it is.
func pack(r *Result, binary string, p Platform) error {
	if r.Status != Foreign {
		body, err := os.ReadFile(binary)
		if err != nil {
			return fmt.Errorf("read the binary: %w", err)
		}

		// The comment has the platform and the digest of the binary: with the same comment, the
		// zip is up to date.
		want := fmt.Sprintf("%s for %s, bootstrap sha256 %x", ownComment, p, sha256.Sum256(body))
		have, err := readComment(r.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}

		if have == want {
			r.Status = UpToDate
		} else if err := writeZip(r.Path, body, want); err != nil {
			return err
		}
	}

	// Lambda reports the digest of the whole zip.
	zipped, err := os.ReadFile(r.Path)
	if err != nil {
		return fmt.Errorf("read the zip: %w", err)
	}

	sum := sha256.Sum256(zipped)
	r.Bytes = int64(len(zipped))
	r.SHA256 = base64.StdEncoding.EncodeToString(sum[:])

	// Another tool may have built for another architecture.
	r.Architecture = p.Lambda()
	if r.Status == Foreign {
		if r.Architecture, err = architectureOf(r.Path); err != nil {
			return err
		}
	}

	return writeRecord(r.Path, r.Architecture, hex.EncodeToString(sum[:]))
}

// writeZip writes a zip with the binary.
func writeZip(path string, binary []byte, comment string) error {
	body, err := zipBinary(binary, comment)
	if err != nil {
		return fmt.Errorf("zip %s: %w", path, err)
	}
	return hint.With(atomicfile.Write(path, body), "make the directory writable, and check that the disk is not full")
}

// zipBinary returns a zip with the binary as its bootstrap. The same binary gives the same
// bytes.
func zipBinary(binary []byte, comment string) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	head := &zip.FileHeader{
		Name:     "bootstrap",
		Method:   zip.Deflate,
		Modified: epoch,
	}

	head.SetMode(0o755)
	entry, err := w.CreateHeader(head)
	if err != nil {
		return nil, err
	}

	if _, err := entry.Write(binary); err != nil {
		return nil, err
	}

	if err := errors.Join(w.SetComment(comment), w.Close()); err != nil {
		return nil, err
	}

	return out.Bytes(), nil
}
