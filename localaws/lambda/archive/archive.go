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

// Bounds of what a zip costs before and while it is unpacked. Lambda documents none;
// these are far above what deployment packages have.
const (
	// MaxEntries bounds the number of entries, which cost i-nodes before they cost
	// bytes.
	MaxEntries = 20000
	// MaxFolders bounds the number of folders that have no entry of their own, but
	// are in the name of one.
	MaxFolders = 10000
	// MaxDepth bounds the number of slashes in an entry's name.
	MaxDepth = 64
	// MaxName bounds the bytes of an entry's name: below /var/task, a longer one
	// could not be opened.
	MaxName = 4000
	// MaxDirectory bounds the bytes of the zip's directory: names, comments and
	// other fields of all entries.
	MaxDirectory = 8 << 20
)

// ErrUnreadable says that the bytes are no zip file that can be unpacked here.
var ErrUnreadable = errors.New("zip file cannot be unpacked")

// ErrEmpty is returned for a zip without entries.
var ErrEmpty = errors.New("zip file has no entries")

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

// Read checks a zip file. Errors wrap ErrUnreadable, ErrEmpty or ErrTooLarge.
func Read(b []byte) (*Zip, error) {
	source := &bounded{content: b}
	r, err := zip.NewReader(source, int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	source.open = true
	switch {
	case len(r.File) == 0:
		return nil, ErrEmpty
	case len(r.File) > MaxEntries:
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, errTooMany)
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
// a name that stands twice or is a file and a folder, and too many bytes or folders.
func checkEntries(files []*zip.File) error {
	var total uint64
	kinds := make(map[string]fs.FileMode, len(files))
	for _, f := range files {
		if err := checkName(f.Name); err != nil {
			return err
		}
		name := cleaned(f.Name)
		kind := f.Mode().Type()
		if kind != 0 && kind != fs.ModeDir {
			return fmt.Errorf("%w: entry %s is neither a file nor a folder", ErrUnreadable, shown(f.Name))
		}
		if before, twice := kinds[name]; twice && (before != fs.ModeDir || kind != fs.ModeDir) {
			return fmt.Errorf("%w: entry %s stands twice", ErrUnreadable, shown(f.Name))
		}
		kinds[name] = kind
		if total += f.UncompressedSize64; total > MaxUnzipped || f.UncompressedSize64 > MaxUnzipped {
			return ErrTooLarge
		}
	}
	return checkParents(kinds)
}

// checkParents refuses an entry below a file, and too many folders that names imply.
// Each folder is looked at once, however many entries are in it.
func checkParents(kinds map[string]fs.FileMode) error {
	implied := map[string]struct{}{}
	for name := range kinds {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if kind, listed := kinds[dir]; listed {
				if kind != fs.ModeDir {
					return fmt.Errorf("%w: entry %s lies below a file", ErrUnreadable, shown(name))
				}
				break // its own parents are checked by themselves
			}
			if _, seen := implied[dir]; seen {
				break
			}
			if len(implied) == MaxFolders {
				return fmt.Errorf("%w: more than %d folders", ErrUnreadable, MaxFolders)
			}
			implied[dir] = struct{}{}
		}
	}
	return nil
}

// checkName refuses names that do not stay inside on every system: they must be
// relative, without "..", backslashes, drive letters and control characters, and
// neither too long nor too deep.
func checkName(name string) error {
	switch {
	case len(name) > MaxName:
		return fmt.Errorf("%w: the name of entry %s is longer than %d bytes", ErrUnreadable, shown(name), MaxName)
	case strings.Count(name, "/") > MaxDepth:
		return fmt.Errorf("%w: entry %s is more than %d folders deep", ErrUnreadable, shown(name), MaxDepth)
	case !safe(name):
		return fmt.Errorf("%w: entry %s leaves the folder", ErrUnreadable, shown(name))
	}
	return nil
}

// safe reports whether an entry's name stays inside.
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

// shown is a name for an error message, quoted and not too long.
func shown(name string) string {
	const most = 100
	if len(name) > most {
		return fmt.Sprintf("%q...", name[:most])
	}
	return fmt.Sprintf("%q", name)
}
