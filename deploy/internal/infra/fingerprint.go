package infra

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/reliableq/reliableq/deploy/internal/bundle"
	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// fingerprintName is the file with the fingerprint of the last deployment.
const fingerprintName = "deployed"

// Fingerprint returns a hash of everything that decides what a run would deploy: the
// root module, the packages, and the variables.
func (t *Terraform) Fingerprint(built []bundle.Result) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, t.tool.Name())

	// Lengths separate the parts: different inputs must not hash alike.
	for _, v := range t.Vars {
		fmt.Fprintf(sum, "var %d %s\n", len(v), v)
	}

	for _, path := range t.VarFiles {
		body, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("read variables: %w", err)
		}
		fmt.Fprintf(sum, "file %d\n%s", len(body), body)
	}

	for _, r := range built {
		fmt.Fprintln(sum, r.Name, r.SHA256)
	}

	if err := HashTree(sum, t.Root); err != nil {
		return "", err
	}

	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// SaveFingerprint records the fingerprint of a deployment that is complete.
func (t *Terraform) SaveFingerprint(fingerprint string) error {
	err := os.WriteFile(filepath.Join(t.Folder, fingerprintName), []byte(fingerprint+"\n"), 0o600)
	if err != nil {
		return hint.With(fmt.Errorf("record what is deployed: %w", err), "free some disk space, or use another directory with --state-dir")
	}
	return nil
}

// RemoveFingerprint removes the record, before a run that may not complete.
func (t *Terraform) RemoveFingerprint() error {
	err := os.Remove(filepath.Join(t.Folder, fingerprintName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the record of what is deployed: %w", err)
	}
	return nil
}

// HasFingerprint reports whether the last deployment had this fingerprint.
func (t *Terraform) HasFingerprint(fingerprint string) bool {
	body, err := os.ReadFile(filepath.Join(t.Folder, fingerprintName))
	return err == nil && string(body) == fingerprint+"\n"
}
