package bundle

import (
	"archive/zip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/internal/atomicfile"
)

// record is the content of NAME.json beside NAME.zip. The Terraform modules read it, and
// refuse a function whose zip is for another architecture.
type record struct {
	// Architecture is the package's architecture, as Lambda spells it.
	Architecture string `json:"architecture"`
	// SHA256 is the zip's digest in hexadecimal. A record of another zip is ignored.
	SHA256 string `json:"sha256"`
}

// writeRecord writes the record beside a zip. If the architecture is not known, it removes
// the record instead.
func writeRecord(zipPath, architecture, digest string) error {
	// An old record must not describe a new zip.
	path := strings.TrimSuffix(zipPath, ".zip") + ".json"
	if architecture == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the record of an earlier zip: %w", err)
		}
		return nil
	}

	body, err := json.Marshal(record{Architecture: architecture, SHA256: digest})
	if err != nil {
		return fmt.Errorf("encode the record of %s: %w", zipPath, err)
	}

	body = append(body, '\n')

	// Do not rewrite an equal file: other tools may look at its modification time.
	if have, err := os.ReadFile(path); err == nil && string(have) == string(body) {
		return nil
	}

	return hint.With(atomicfile.Write(path, body), "make the directory writable, and check that the disk is not full")
}

// architectureOf returns the architecture of bootstrap in a zip of another tool, as
// Lambda spells it. It is empty if the file's header does not show it, as that of a
// script.
func architectureOf(zipPath string) (architecture string, err error) {
	r, err := zip.OpenReader(zipPath)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", zipPath, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()

	for _, f := range r.File {
		if f.Name != "bootstrap" {
			continue
		}

		body, err := f.Open()
		if err != nil {
			return "", nil // Lambda reports what is wrong with it
		}

		// The first bytes of an ELF file have its class, byte order and machine.
		header := make([]byte, 20)
		_, err = io.ReadFull(body, header)
		if closeErr := body.Close(); err != nil || closeErr != nil {
			return "", nil
		}
		return elfArchitecture(header), nil
	}

	return "", nil
}

// elfArchitecture returns the architecture in the first 20 bytes of a 64-bit ELF file.
func elfArchitecture(header []byte) string {
	const class64, littleEndian = 2, 1
	if string(header[:4]) != "\x7fELF" || header[4] != class64 || header[5] != littleEndian {
		return ""
	}
	switch binary.LittleEndian.Uint16(header[18:]) {
	case 62:
		return "x86_64"
	case 183:
		return "arm64"
	}
	return ""
}

// CheckArchitecture returns an error if a zip is not for the wanted architecture, as
// Lambda spells it. Zips of other tools can differ.
func CheckArchitecture(results []Result, wanted string) error {
	for _, r := range results {
		if r.Architecture == "" || r.Architecture == wanted {
			continue
		}
		next := fmt.Sprintf("deploy with --arch %s, or build for %s with --arch %s", r.Architecture, wanted, wanted)
		if r.Status == Foreign {
			next = fmt.Sprintf("deploy with --arch %s, or replace it by a zip for %s", r.Architecture, wanted)
		}
		return hint.New(fmt.Sprintf("%s is for %s, and function %s is deployed for %s", filepath.Base(r.Path), r.Architecture, r.Name, wanted), next)
	}
	return nil
}
