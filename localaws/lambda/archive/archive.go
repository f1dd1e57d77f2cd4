// Package archive reads the zip files that functions come in: it checks them
// without trust, tells for which machine their bootstrap was built, and unpacks
// them.
//
// A zip is refused whole when any of its entries would leave the folder that it
// is unpacked to, is a link or a device, or when the entries together are larger
// or more than Lambda takes. Nothing is written before the whole zip has passed.
package archive

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// MaxUnzipped is the size in bytes that all entries together may have (LAM C15).
const MaxUnzipped = 262144000

// MaxEntries bounds the number of entries, which costs i-nodes before it costs
// bytes.
const MaxEntries = 20000

// ErrUnreadable says that the bytes are no zip file that can be unpacked here.
var ErrUnreadable = errors.New("zip file cannot be unpacked")

// ErrTooLarge says that the zip holds more than MaxUnzipped bytes.
var ErrTooLarge = errors.New("zip file is too large when unzipped")

// Zip is a zip file that was checked.
type Zip struct {
	// Bytes is the file as it came.
	Bytes []byte
	// SHA256 is the standard base64 of the SHA-256 of Bytes (LAM C9).
	SHA256 string
	// Key is the same hash in a form that is safe as a file's name.
	Key string
	// Bootstrap tells for what the file bootstrap at the root was made.
	Bootstrap Platform

	files []*zip.File
}

// Read checks a zip file. Errors wrap ErrUnreadable or ErrTooLarge.
func Read(b []byte) (*Zip, error) {
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if len(r.File) > MaxEntries {
		return nil, fmt.Errorf("%w: %d entries, at most %d", ErrUnreadable, len(r.File), MaxEntries)
	}
	if err := checkEntries(r.File); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	z := &Zip{Bytes: b, SHA256: base64.StdEncoding.EncodeToString(sum[:]), Key: fmt.Sprintf("%x", sum), files: r.File}
	for _, f := range r.File {
		if cleaned(f.Name) == "bootstrap" && f.Mode().IsRegular() {
			if z.Bootstrap, err = platformOf(f); err != nil {
				return nil, fmt.Errorf("%w: read bootstrap: %w", ErrUnreadable, err)
			}
		}
	}
	return z, nil
}

// checkEntries refuses names that escape, kinds other than files and folders,
// a name that stands twice or is a file and a folder, and too many bytes.
func checkEntries(files []*zip.File) error {
	var total uint64
	kinds := map[string]fs.FileMode{}
	for _, f := range files {
		name := cleaned(f.Name)
		if !safe(f.Name) {
			return fmt.Errorf("%w: entry %q leaves the folder", ErrUnreadable, f.Name)
		}
		kind := f.Mode().Type()
		if kind != 0 && kind != fs.ModeDir {
			return fmt.Errorf("%w: entry %q is neither a file nor a folder", ErrUnreadable, f.Name)
		}
		if before, twice := kinds[name]; twice && (before != fs.ModeDir || kind != fs.ModeDir) {
			return fmt.Errorf("%w: entry %q stands twice", ErrUnreadable, f.Name)
		}
		kinds[name] = kind
		if total += f.UncompressedSize64; total > MaxUnzipped || f.UncompressedSize64 > MaxUnzipped {
			return ErrTooLarge
		}
	}
	for name := range kinds {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if kind, listed := kinds[dir]; listed && kind != fs.ModeDir {
				return fmt.Errorf("%w: entry %q lies below a file", ErrUnreadable, name)
			}
		}
	}
	return nil
}

// safe reports whether an entry's name stays inside on every system: relative,
// without "..", backslashes, drive letters and control characters.
func safe(name string) bool {
	if name == "" || strings.ContainsAny(name, "\\:\x00") || path.IsAbs(name) {
		return false
	}
	for _, part := range strings.Split(strings.TrimSuffix(name, "/"), "/") {
		if part == ".." || len(part) > 255 {
			return false
		}
	}
	return cleaned(name) == "." || fs.ValidPath(cleaned(name))
}

func cleaned(name string) string { return path.Clean(name) }
