package lambda

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/reliableq/reliableq/localaws/internal/tempdir"
	"github.com/reliableq/reliableq/localaws/lambda/archive"
)

const (
	maxZip     = 52428800    // bytes of a zip file (LAM C32)
	maxRequest = 70167211    // bytes of a request that carries one (LAM C15)
	allCode    = 80530636800 // bytes of all zip files of an account (LAM C32)
)

// codeCache stores zip files and the directories that they are unpacked to, each once by
// its hash, below one directory. Code is deleted when no function and no environment
// refers to it.
type codeCache struct {
	dir string

	mu         sync.Mutex
	references map[string]int // by archive.Zip.Key
	shared     *tempdir.Dir   // made by share, or nil
}

func newCodeCache(dir string) *codeCache {
	return &codeCache{dir: dir, references: map[string]int{}}
}

// zipPath returns the path of a zip file.
func (c *codeCache) zipPath(key string) string { return filepath.Join(c.dir, "zips", key+".zip") }

// unpackedDir returns the directory that a zip file is unpacked to. mu must be held.
func (c *codeCache) unpackedDir(key string) string {
	dir := c.dir
	if c.shared != nil {
		dir = c.shared.Path()
	}
	return filepath.Join(dir, "code", key)
}

const (
	// sharedDirLink is the name of a link in dir to the directory that share made, so
	// that the next server can delete it if this one is killed.
	sharedDirLink   = "shown"
	sharedDirPrefix = "localaws-functions-"
)

// share makes a directory for unpacked code that users other than the server's can read,
// since WorkDir may be below a home directory, and unpacks code there from now on. It
// returns the directory for temporary files beside it, in which each environment has a
// directory that only its own user can open.
func (c *codeCache) share() (temp string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shared != nil {
		return filepath.Join(c.shared.Path(), "tmp"), nil
	}

	shared, err := tempdir.Make("functions-")
	if err != nil {
		return "", fmt.Errorf("make a directory for code: %w", err)
	}
	dir := shared.Path()
	temp = filepath.Join(dir, "tmp")
	code := filepath.Join(dir, "code")

	// Other users can pass through the directories but not list them. Chmod is needed
	// because the umask may have removed the permission.
	err = errors.Join(
		os.MkdirAll(c.dir, 0o755), os.Symlink(dir, filepath.Join(c.dir, sharedDirLink)),
		os.Mkdir(temp, 0o711), os.Mkdir(code, 0o711),
		os.Chmod(dir, 0o711), os.Chmod(temp, 0o711), os.Chmod(code, 0o711),
	)
	if err != nil {
		return "", errors.Join(fmt.Errorf("make a directory for code: %w", err), shared.Remove())
	}

	c.shared = shared
	return temp, nil
}

// unshare deletes the directory that share made, in this process or in one that was
// killed.
func (c *codeCache) unshare() error {
	c.mu.Lock()
	defer c.mu.Unlock()

	link := filepath.Join(c.dir, sharedDirLink)
	dir, err := os.Readlink(link)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the link to the directory of unpacked code: %w", err)
	}
	if c.shared != nil {
		if err := c.shared.Remove(); err != nil {
			return fmt.Errorf("delete the directory of unpacked code: %w", err)
		}
		c.shared = nil
	}

	// The directory of a server that was killed. After a restart of the machine it may be
	// another user's.
	info, err := os.Lstat(dir)
	if err == nil && info.IsDir() && strings.HasPrefix(filepath.Base(dir), sharedDirPrefix) && ownedByThisUser(info) {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("delete the directory of unpacked code: %w", err)
		}
	}

	if err := os.Remove(link); err != nil {
		return fmt.Errorf("delete the link to the directory of unpacked code: %w", err)
	}
	return nil
}

// add stores a zip file durably and adds a reference. Code of a registered handler has
// no zip file.
func (c *codeCache) add(cd *code) error {
	if cd.Key == "" {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()

	path := c.zipPath(cd.Key)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := writeSynced(path, cd.bytes); err != nil {
			return fmt.Errorf("store zip file: %w", err)
		}
	}
	cd.bytes = nil // read from the disk from now on
	c.references[cd.Key]++
	return nil
}

// retain adds a reference to code that was added before.
func (c *codeCache) retain(cd *code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.references[cd.Key]++
}

// release removes a reference, and deletes the files after the last one.
func (c *codeCache) release(cd *code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.references[cd.Key]--; cd.Key == "" || c.references[cd.Key] > 0 {
		return
	}

	// A file that cannot be deleted takes up space and does no other harm.
	delete(c.references, cd.Key)
	_ = os.Remove(c.zipPath(cd.Key))
	_ = os.RemoveAll(c.unpackedDir(cd.Key))
}

// unpack returns the directory with the code. The first call unpacks it.
func (c *codeCache) unpack(cd *code) (string, error) {
	if cd.Key == "" {
		return "", errors.New("the function was made for a registered handler and has no zip file")
	}
	c.mu.Lock()
	defer c.mu.Unlock()

	// Unpack renames the directory into place last, so that it is complete if it exists.
	dir := c.unpackedDir(cd.Key)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}

	b, err := os.ReadFile(c.zipPath(cd.Key))
	if err != nil {
		return "", fmt.Errorf("read zip file: %w", err)
	}
	z, err := archive.Read(b)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", c.zipPath(cd.Key), err)
	}
	if err := z.Unpack(dir); err != nil {
		return "", fmt.Errorf("unpack code: %w", err)
	}
	return dir, nil
}

// writeSynced writes a file so that after a crash it is complete or absent.
func writeSynced(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return err
	}

	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
