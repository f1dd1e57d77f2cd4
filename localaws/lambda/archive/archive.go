// Package archive reads the zip files of functions. It checks them without trusting
// them, reports for which platform their bootstrap was built, and unpacks them.
//
// It rejects a zip if an entry would be written outside of the directory that the zip is
// unpacked to, if an entry is a link or a device, and if the entries exceed the limits of
// size and number. Nothing is written before the whole zip has been checked.
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

// MaxUnzipped is the maximum total size in bytes of all entries (LAM C15).
const MaxUnzipped = 262144000

// Limits of what it costs to read and unpack a zip. Lambda documents none. These are far
// above what deployment packages need.
const (
	// MaxEntries is the maximum number of entries. Even an empty file needs an inode.
	MaxEntries = 20000
	// MaxDirectories is the maximum number of directories without an entry of their own, which
	// are part of the names of other entries.
	MaxDirectories = 10000
	// MaxDepth is the maximum number of slashes in an entry's name.
	MaxDepth = 64
	// MaxName is the maximum size in bytes of an entry's name. In /var/task, a file
	// with a longer name could not be opened.
	MaxName = 4000
	// MaxDirectory is the maximum size in bytes of the zip's directory, with names,
	// comments and other fields of all entries.
	MaxDirectory = 8 << 20
)

// ErrUnreadable is returned for anything that is not a zip file which can be unpacked.
var ErrUnreadable = errors.New("zip file cannot be unpacked")

// ErrEmpty is returned for a zip without entries.
var ErrEmpty = errors.New("zip file has no entries")

// ErrTooLarge is returned for a zip with more than MaxUnzipped bytes.
var ErrTooLarge = errors.New("zip file is too large when unzipped")

// Zip is a checked zip file.
type Zip struct {
	// Bytes is the content of the file.
	Bytes []byte
	// SHA256 is the standard base64 of the SHA-256 of Bytes (LAM C9).
	SHA256 string
	// Key is the SHA-256 of Bytes in hexadecimal, for file names.
	Key string
	// Bootstrap is the platform of the file bootstrap at the root.
	Bootstrap Platform

	files []*zip.File
}

// Read checks a zip file. Errors wrap ErrUnreadable, ErrEmpty or ErrTooLarge.
func Read(b []byte) (*Zip, error) {
	// Read the directory, within the limits.
	source := &limitedReader{content: b}
	r, err := zip.NewReader(source, int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}

	source.listed = true

	// Check the entries.
	switch {
	case len(r.File) == 0:
		return nil, ErrEmpty
	case len(r.File) > MaxEntries:
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, errTooManyEntries)
	}

	if err := checkEntries(r.File); err != nil {
		return nil, err
	}

	sum := sha256.Sum256(b)
	z := &Zip{
		Bytes:  b,
		SHA256: base64.StdEncoding.EncodeToString(sum[:]),
		Key:    fmt.Sprintf("%x", sum),
		files:  r.File,
	}

	// Find the bootstrap, and the platform that it is for.
	for _, f := range r.File {
		if cleaned(f.Name) == "bootstrap" && f.Mode().IsRegular() {
			if z.Bootstrap, err = platformOf(f); err != nil {
				return nil, fmt.Errorf("%w: read bootstrap: %w", ErrUnreadable, err)
			}
		}
	}

	return z, nil
}

// checkEntries rejects names outside of the directory, kinds other than files and directories,
// two entries with one name unless both are directories, and too many bytes or directories.
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
			return fmt.Errorf("%w: entry %s is neither a file nor a directory", ErrUnreadable, quoted(f.Name))
		}
		if before, twice := kinds[name]; twice && (before != fs.ModeDir || kind != fs.ModeDir) {
			return fmt.Errorf("%w: entry %s exists twice", ErrUnreadable, quoted(f.Name))
		}
		kinds[name] = kind

		// Check each size as well: the sum could overflow.
		if total += f.UncompressedSize64; total > MaxUnzipped || f.UncompressedSize64 > MaxUnzipped {
			return ErrTooLarge
		}
	}

	return checkParents(kinds)
}

// checkParents rejects an entry below a file, and too many directories without an entry. It
// visits each directory once, however many entries are in it.
func checkParents(kinds map[string]fs.FileMode) error {
	implied := map[string]struct{}{}
	for name := range kinds {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if kind, listed := kinds[dir]; listed {
				if kind != fs.ModeDir {
					return fmt.Errorf("%w: entry %s is below a file", ErrUnreadable, quoted(name))
				}
				break // its own parents are checked by themselves
			}
			if _, seen := implied[dir]; seen {
				break
			}
			if len(implied) == MaxDirectories {
				return fmt.Errorf("%w: more than %d directories", ErrUnreadable, MaxDirectories)
			}
			implied[dir] = struct{}{}
		}
	}

	return nil
}

// checkName rejects names that are outside of the directory on some system, and those that
// are too long or too deep. Names must be relative, without "..", backslashes, drive
// letters and NUL.
func checkName(name string) error {
	switch {
	case len(name) > MaxName:
		return fmt.Errorf("%w: the name of entry %s is longer than %d bytes", ErrUnreadable, quoted(name), MaxName)
	case strings.Count(name, "/") > MaxDepth:
		return fmt.Errorf("%w: entry %s is more than %d directories deep", ErrUnreadable, quoted(name), MaxDepth)
	case !inside(name):
		return fmt.Errorf("%w: entry %s would be written outside of the directory", ErrUnreadable, quoted(name))
	}
	return nil
}

// inside reports whether an entry's name is a path in the directory, on every system.
func inside(name string) bool {
	if name == "" || strings.ContainsAny(name, "\\:\x00") || path.IsAbs(name) {
		return false
	}
	// No part may lead out, or be longer than a file system allows.
	for _, part := range strings.Split(strings.TrimSuffix(name, "/"), "/") {
		if part == ".." || len(part) > 255 {
			return false
		}
	}
	return cleaned(name) == "." || fs.ValidPath(cleaned(name))
}

// cleaned returns the shortest form of an entry's name.
func cleaned(name string) string { return path.Clean(name) }

// quoted returns a name for an error message, quoted and not too long.
func quoted(name string) string {
	const limit = 100
	if len(name) > limit {
		return fmt.Sprintf("%q...", name[:limit])
	}
	return fmt.Sprintf("%q", name)
}
