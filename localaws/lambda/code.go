package lambda

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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

// codeCache keeps the zip files and the folders that they are unpacked to, each once
// by its hash, below one directory. What no function and no environment uses is
// deleted.
type codeCache struct {
	dir string

	mu         sync.Mutex
	references map[string]int // by archive.Zip.Key
	shared     *tempdir.Dir   // made by share, or nil
}

// zipPath is where a zip file lies.
func (s *codeCache) zipPath(key string) string { return filepath.Join(s.dir, "zips", key+".zip") }

// unpackedDir is where its code is unpacked to. mu must be held.
func (s *codeCache) unpackedDir(key string) string {
	dir := s.dir
	if s.shared != nil {
		dir = s.shared.Path()
	}
	return filepath.Join(dir, "code", key)
}

// sharedDirLink is a link below the cache's directory to the one that share made,
// for the next server if this one is killed.
const sharedDirLink = "shown"

// share has code unpacked, from now on, in a directory where users other than
// the server's can read it: WorkDir may lie below a home directory. It returns the
// directory for temporary files beside it, in which each environment has a folder
// that its own user alone can open.
func (s *codeCache) share() (temp string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shared != nil {
		return filepath.Join(s.shared.Path(), "tmp"), nil
	}

	shared, err := tempdir.Make("functions-")
	if err != nil {
		return "", fmt.Errorf("make a directory for code: %w", err)
	}
	dir := shared.Path()
	temp = filepath.Join(dir, "tmp")
	code := filepath.Join(dir, "code")
	err = errors.Join(os.MkdirAll(s.dir, 0o755), os.Symlink(dir, filepath.Join(s.dir, sharedDirLink)), os.Mkdir(temp, 0o711), os.Mkdir(code, 0o711))
	// Once more, whatever the umask is.
	err = errors.Join(err, os.Chmod(dir, 0o711), os.Chmod(temp, 0o711), os.Chmod(code, 0o711))
	if err != nil {
		return "", errors.Join(fmt.Errorf("make a directory for code: %w", err), shared.Remove())
	}

	s.shared = shared
	return temp, nil
}

const sharedDirPrefix = "localaws-functions-"

// unshare deletes the directory that share has made, in this process or in
// one that was killed.
func (s *codeCache) unshare() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	link := filepath.Join(s.dir, sharedDirLink)
	dir, err := os.Readlink(link)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}

	if err != nil {
		return fmt.Errorf("find the directory with code: %w", err)
	}

	if s.shared != nil {
		if err := s.shared.Remove(); err != nil {
			return fmt.Errorf("delete the directory with code: %w", err)
		}
		s.shared = nil
	}

	// After a restart of the machine the name may be another user's.
	info, err := os.Lstat(dir)
	if err == nil && info.IsDir() && strings.HasPrefix(filepath.Base(dir), sharedDirPrefix) && ownedByThisUser(info) {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("delete the directory with code: %w", err)
		}
	}

	if err := os.Remove(link); err != nil {
		return fmt.Errorf("forget the directory with code: %w", err)
	}

	return nil
}

// readCode checks a zip file (LAM C15).
func readCode(b []byte) (*code, error) {
	if len(b) > maxZip {
		return nil, errTooLarge.With("Request must be smaller than %d bytes for the CreateFunction operation", maxRequest)
	}

	z, err := archive.Read(b)
	switch {
	case errors.Is(err, archive.ErrEmpty):
		return nil, errParameter.With("Uploaded file must be a non-empty zip") // LAM C15
	case errors.Is(err, archive.ErrTooLarge):
		return nil, errParameter.With("Unzipped size must be smaller than %d bytes", archive.MaxUnzipped)
	case errors.Is(err, zip.ErrFormat):
		return nil, errParameter.With(unreadable)
	case err != nil:
		return nil, errParameter.With(unreadable+" (%v)", err)
	}

	return &code{
		SHA256:    z.SHA256,
		Key:       z.Key,
		Size:      int64(len(b)),
		Bootstrap: z.Bootstrap,
		bytes:     b,
	}, nil
}

const unreadable = "Could not unzip uploaded file. Please check your file, then try to upload again."

// checkPlatform refuses a bootstrap that was built for another machine: it would
// fail at every invocation, and the cure is at hand now.
func checkPlatform(p archive.Platform) error {
	if p.OS == "" || p.OS == runtime.GOOS && (p.Arch == runtime.GOARCH || p.Arch == "") {
		return nil
	}
	return errParameter.With("The program bootstrap in the zip file is built for %s, and the embedded Lambda runs it on this machine, which is %s/%s. "+
		"Build it with GOOS=%s GOARCH=%s.", p, runtime.GOOS, runtime.GOARCH, runtime.GOOS, runtime.GOARCH)
}

// add writes the zip file so that it outlives the process, and counts a use.
// Code without a zip file, a handler's, needs no keeping.
func (s *codeCache) add(c *code) error {
	if c.Key == "" {
		return nil
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	path := s.zipPath(c.Key)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := writeSynced(path, c.bytes); err != nil {
			return fmt.Errorf("keep zip file: %w", err)
		}
	}

	c.bytes = nil // from here on it is read from the disk
	s.references[c.Key]++
	return nil
}

// retain counts one more use of code that is kept.
func (s *codeCache) retain(c *code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.references[c.Key]++
}

// release ends a use, and deletes what was the last one's.
func (s *codeCache) release(c *code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.references[c.Key]--; c.Key == "" || s.references[c.Key] > 0 {
		return
	}
	delete(s.references, c.Key)
	os.Remove(s.zipPath(c.Key))
	os.RemoveAll(s.unpackedDir(c.Key))
}

// unpack answers the folder with the code, unpacking it the first time.
func (s *codeCache) unpack(c *code) (string, error) {
	if c.Key == "" {
		return "", errors.New("the function was made for a registered handler and has no zip file")
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	dir := s.unpackedDir(c.Key)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}

	b, err := os.ReadFile(s.zipPath(c.Key))
	if err != nil {
		return "", fmt.Errorf("read zip file: %w", err)
	}

	z, err := archive.Read(b)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", s.zipPath(c.Key), err)
	}

	if err := z.Unpack(dir); err != nil {
		return "", fmt.Errorf("unpack code: %w", err)
	}

	return dir, nil
}

// writeSynced writes a file that is whole or not there.
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

// entrypointError says why code cannot start, in Lambda's words, or nothing (LAM C19).
func (v *version) entrypointError(dir string) string {
	info, err := os.Stat(filepath.Join(dir, "bootstrap"))
	switch {
	case err != nil || !info.Mode().IsRegular():
		return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
	case v.code.Bootstrap.Arch != "" && v.code.Bootstrap.Arch != goArch(v.Architecture):
		return "fork/exec /var/task/bootstrap: exec format error"
	}
	return ""
}

// goArch is Go's name of an architecture of Lambda's.
func goArch(architecture string) string {
	if architecture == "x86_64" {
		return "amd64"
	}
	return architecture
}
