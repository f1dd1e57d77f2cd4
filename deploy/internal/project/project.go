// Package project finds a reliableq project on disk: the directory with the Terraform
// root module and the Lambda functions that it deploys.
package project

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Project is a directory with terraform/ and functions/.
type Project struct {
	// Root is the absolute path of the directory.
	Root string
}

// Terraform returns the directory of the root module.
func (p Project) Terraform() string { return filepath.Join(p.Root, "terraform") }

// Functions returns the directory with one main package for each function.
func (p Project) Functions() string { return filepath.Join(p.Root, "functions") }

// Dist returns the directory of the zips that Terraform uploads.
func (p Project) Dist() string { return filepath.Join(p.Root, "dist") }

// Find returns the project in dir or, if dir is empty, in start or the nearest directory
// above it.
func Find(dir, start string) (Project, error) {
	// A directory that the user named must be the project itself: in a directory above it,
	// the command could deploy another project than the one that was meant.
	if dir != "" {
		root, err := filepath.Abs(dir)
		if err != nil {
			return Project{}, fmt.Errorf("find the project: %w", err)
		}
		if !isProject(root) {
			return Project{}, hint.New(fmt.Sprintf("%s is not a reliableq project: it has no terraform/main.tf", root),
				"set --dir to the directory with terraform/ and functions/")
		}
		return Project{Root: root}, nil
	}

	at, err := filepath.Abs(start)
	if err != nil {
		return Project{}, fmt.Errorf("find the project: %w", err)
	}

	// filepath.Dir of the root directory is the root directory.
	for root := at; ; root = filepath.Dir(root) {
		if isProject(root) {
			return Project{Root: root}, nil
		}
		if root == filepath.Dir(root) {
			return Project{}, hint.New(fmt.Sprintf("no reliableq project in %s or above: no directory has terraform/main.tf", at),
				"change to a checkout of the project, or name it with --dir")
		}
	}
}

// isProject reports whether root has a root module.
func isProject(root string) bool {
	info, err := os.Stat(filepath.Join(root, "terraform", "main.tf"))
	return err == nil && info.Mode().IsRegular()
}
