package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// Modes of what is unpacked, whatever the process's umask is: the program may run as
// another user. No user may write, except to directories, so that their owner can remove
// what is in them.
const (
	dirMode        fs.FileMode = 0o755
	fileMode       fs.FileMode = 0o444
	executableMode fs.FileMode = 0o555
)

// Unpack writes the zip's entries to dir, which must not exist. Every user can read
// the files and no user can write to them; executable files stay executable
// (LAM C19). When it fails, dir does not exist.
//
// All entries are written through an [os.Root], so that even a mistake in the checks
// of Read could not write outside of dir.
func (z *Zip) Unpack(dir string) (err error) {
	// Unpack to a temporary name, and rename when all is written.
	building := dir + ".part"
	if err := os.RemoveAll(building); err != nil {
		return fmt.Errorf("clear %s: %w", building, err)
	}

	if err := os.MkdirAll(building, dirMode); err != nil {
		return fmt.Errorf("make %s: %w", building, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(building))
		}
	}()

	if err := z.writeTo(building); err != nil {
		return err
	}

	if err := os.Rename(building, dir); err != nil {
		return fmt.Errorf("move into place: %w", err)
	}
	return nil
}

// writeTo writes the entries directory by directory, so that each directory is opened once:
// opening a path walks it from the root.
func (z *Zip) writeTo(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	defer func() { _ = root.Close() }() // nothing is written through the directory's own handle

	// Sort the entries by directory.
	filesIn := map[string][]*zip.File{".": nil}
	for _, f := range z.files {
		name := cleaned(f.Name)
		if f.Mode().IsDir() {
			if _, ok := filesIn[name]; !ok {
				filesIn[name] = nil // make it even if no file is in it
			}
			continue
		}
		filesIn[path.Dir(name)] = append(filesIn[path.Dir(name)], f)
	}

	// Write directory by directory, parents first.
	u := &unpacker{
		root:   root,
		made:   map[string]bool{},
		left:   MaxUnzipped,
		buffer: make([]byte, 32<<10),
	}

	for _, name := range slices.Sorted(maps.Keys(filesIn)) {
		if err := u.writeDir(name, filesIn[name]); err != nil {
			return err
		}
	}

	return nil
}

// unpacker writes entries below a root.
type unpacker struct {
	root   *os.Root
	made   map[string]bool // directories with their mode set, by slash-separated name
	left   int64           // bytes that may still be written
	buffer []byte          // for copying
}

// writeDir makes a directory and writes files to it.
func (u *unpacker) writeDir(name string, files []*zip.File) error {
	if err := u.makeDir(name); err != nil {
		return fmt.Errorf("make directory %s: %w", quoted(name), err)
	}

	if len(files) == 0 {
		return nil
	}

	dir, err := u.root.OpenRoot(filepath.FromSlash(name))
	if err != nil {
		return fmt.Errorf("open directory %s: %w", quoted(name), err)
	}
	defer func() { _ = dir.Close() }() // nothing is written through the directory's own handle

	for _, f := range files {
		if err := u.writeFile(dir, f); err != nil {
			return fmt.Errorf("unpack %s: %w", quoted(f.Name), err)
		}
	}

	return nil
}

// makeDir makes a directory and those above it, and sets their modes.
func (u *unpacker) makeDir(name string) error {
	if u.made[name] {
		return nil
	}

	if name != "." {
		if err := u.makeDir(path.Dir(name)); err != nil {
			return err
		}
		err := u.root.Mkdir(filepath.FromSlash(name), dirMode)
		if err != nil && !errors.Is(err, fs.ErrExist) { // where "A" and "a" are one directory
			return err
		}
	}

	u.made[name] = true
	return u.root.Chmod(filepath.FromSlash(name), dirMode)
}

// writeFile writes one file to its directory. The size that a zip claims for an entry
// need not be true, so that the bytes are counted.
func (u *unpacker) writeFile(dir *os.Root, f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	defer r.Close() // errors of the zip's data come from reading

	mode := fileMode
	if f.Mode()&0o111 != 0 {
		mode = executableMode
	}

	// A process forked while this file is open for writing would hold it open
	// until its own exec, and running the file meanwhile fails ("text file busy").
	release := holdForks()
	defer release()
	w, err := dir.OpenFile(path.Base(cleaned(f.Name)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}

	// The file's own ReadFrom would allocate a buffer for each file.
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(r, u.left+1), u.buffer)
	if err := errors.Join(err, w.Chmod(mode), w.Close()); err != nil {
		return err
	}

	if n > u.left {
		return ErrTooLarge
	}

	u.left -= n
	return nil
}
