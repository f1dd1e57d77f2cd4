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

// Unpack writes the zip's entries to dir, which must not be there yet. Files can
// be read by all and written by nobody; those that were executable stay so
// (LAM C19). When it fails, dir is gone.
//
// All entries are written through an [os.Root], so that even a fault in the
// checks of Read could not write outside of dir.
func (z *Zip) Unpack(dir string) (err error) {
	building := dir + ".part"
	if err := os.RemoveAll(building); err != nil {
		return fmt.Errorf("clear %s: %w", building, err)
	}
	if err := os.MkdirAll(building, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", building, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(building))
		}
	}()
	if err := z.fill(building); err != nil {
		return err
	}
	if err := os.Rename(building, dir); err != nil {
		return fmt.Errorf("move into place: %w", err)
	}
	return nil
}

// fill writes the entries folder by folder, so that each folder is opened once: a
// path is walked from the root whenever it is opened.
func (z *Zip) fill(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	defer func() { _ = root.Close() }() // nothing is written through the folder's own handle

	inFolder := map[string][]*zip.File{}
	for _, f := range z.files {
		name := cleaned(f.Name)
		if f.Mode().IsDir() {
			inFolder[name] = append(inFolder[name], nil...)
			continue
		}
		inFolder[path.Dir(name)] = append(inFolder[path.Dir(name)], f)
	}
	left, buffer := int64(MaxUnzipped), make([]byte, 32<<10)
	for _, folder := range slices.Sorted(maps.Keys(inFolder)) {
		if left, err = fillFolder(root, folder, inFolder[folder], left, buffer); err != nil {
			return err
		}
	}
	return nil
}

// fillFolder makes a folder and writes files of together at most limit bytes to it.
// It returns what is left of the limit.
func fillFolder(root *os.Root, name string, files []*zip.File, limit int64, buffer []byte) (left int64, err error) {
	name = filepath.FromSlash(name)
	if err := root.MkdirAll(name, 0o755); err != nil {
		return 0, fmt.Errorf("make folder %s: %w", shown(name), err)
	}
	if len(files) == 0 {
		return limit, nil
	}
	folder, err := root.OpenRoot(name)
	if err != nil {
		return 0, fmt.Errorf("open folder %s: %w", shown(name), err)
	}
	defer func() { _ = folder.Close() }() // as above
	for _, f := range files {
		n, err := extract(folder, path.Base(cleaned(f.Name)), f, limit, buffer)
		if err != nil {
			return 0, fmt.Errorf("unpack %s: %w", shown(f.Name), err)
		}
		limit -= n
	}
	return limit, nil
}

// extract writes one file of at most limit bytes to a folder that exists; the sizes that a zip claims
// for its entries need not be true.
func extract(root *os.Root, name string, f *zip.File, limit int64, buffer []byte) (int64, error) {
	r, err := f.Open()
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	defer r.Close()
	mode := fs.FileMode(0o444)
	if f.Mode()&0o111 != 0 {
		mode = 0o555
	}
	// A process forked while this file is open for writing would hold it open
	// until its own exec, and running the file meanwhile fails ("text file busy").
	release := holdForks()
	defer release()
	w, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return 0, err
	}
	// The file's own ReadFrom would allocate a buffer for each file.
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, io.LimitReader(r, limit+1), buffer)
	err = errors.Join(err, w.Chmod(mode), w.Close()) // the program's user is another one, whatever the umask is
	if err == nil && n > limit {
		err = ErrTooLarge
	}
	return n, err
}
