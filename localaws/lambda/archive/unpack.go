package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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

func (z *Zip) fill(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	defer func() { _ = root.Close() }() // nothing is written through the folder's own handle
	left := int64(MaxUnzipped)
	for _, f := range z.files {
		name := filepath.FromSlash(cleaned(f.Name))
		if f.Mode().IsDir() {
			if err := root.MkdirAll(name, 0o755); err != nil {
				return fmt.Errorf("make folder %s: %w", f.Name, err)
			}
			continue
		}
		n, err := extract(root, name, f, left)
		if err != nil {
			return fmt.Errorf("unpack %s: %w", f.Name, err)
		}
		left -= n
	}
	return nil
}

// extract writes one file of at most limit bytes; the sizes that a zip claims
// for its entries need not be true.
func extract(root *os.Root, name string, f *zip.File, limit int64) (int64, error) {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return 0, err
	}
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
	n, err := io.Copy(w, io.LimitReader(r, limit+1))
	err = errors.Join(err, w.Close())
	if err == nil && n > limit {
		err = ErrTooLarge
	}
	return n, err
}
