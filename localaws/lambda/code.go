package lambda

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"github.com/reliableq/reliableq/localaws/lambda/archive"
)

// code is the code of a function: a zip file in the codeCache, or none for a registered
// handler. Its JSON is stored.
type code struct {
	// SHA256 is the standard base64 of the zip file's SHA-256 (LAM C9).
	SHA256 string
	// Key names the files in the codeCache; empty without a zip file.
	Key string
	// Size is the size of the zip file in bytes.
	Size int64
	// Bootstrap is the platform that the program was built for.
	Bootstrap archive.Platform

	bytes []byte // the zip file, until codeCache.add has stored it
}

const unreadable = "Could not unzip uploaded file. Please check your file, then try to upload again."

// readCode reads and checks a zip file (LAM C15).
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

// readCode reads the code of a request. Functions with a registered handler need no zip
// file.
func (s *Service) readCode(name string, in *FunctionCode) (*code, error) {
	s.mu.Lock()
	handler := s.handlers[name]
	s.mu.Unlock()

	switch {
	case len(in.ZipFile) == 0 && handler != nil:
		return &code{SHA256: emptySHA256}, nil
	case len(in.ZipFile) == 0:
		return nil, errParameter.With("Please provide a source for function code.")
	}

	// With a handler the program does not run, so that its platform does not matter.
	cd, err := readCode(in.ZipFile)
	if err == nil && handler == nil {
		err = checkPlatform(cd.Bootstrap)
	}
	return cd, err
}

// emptySHA256 is the hash of no bytes, in base64.
const emptySHA256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

// checkPlatform refuses a program that was built for another platform than this
// machine's: each invocation would fail, and now the sender can still fix it.
func checkPlatform(p archive.Platform) error {
	if p.OS == "" || p.OS == runtime.GOOS && (p.Arch == runtime.GOARCH || p.Arch == "") {
		return nil
	}
	return errParameter.With("The program bootstrap in the zip file is built for %s, and the embedded Lambda runs it on this machine, which is %s/%s. "+
		"Build it with GOOS=%s GOARCH=%s.", p, runtime.GOOS, runtime.GOARCH, runtime.GOOS, runtime.GOARCH)
}

// entrypointError returns why the program in dir cannot start, in Lambda's words, or ""
// (LAM C19).
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

// goArch returns Go's name of one of Lambda's architectures.
func goArch(architecture string) string {
	if architecture == "x86_64" {
		return "amd64"
	}
	return architecture
}
