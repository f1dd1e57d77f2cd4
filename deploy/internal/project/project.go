// Package project finds a reliableq project on disk: the folder that holds the
// Terraform root module and the Lambda functions that it deploys.
package project

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Project is a folder with terraform/ and functions/ in it.
type Project struct {
	// Root is the absolute path of the folder.
	Root string
}

// Terraform is the folder of the root module.
func (p Project) Terraform() string { return filepath.Join(p.Root, "terraform") }

// Functions is the folder with one main package for each function.
func (p Project) Functions() string { return filepath.Join(p.Root, "functions") }

// Dist is the folder of the zips that Terraform uploads.
func (p Project) Dist() string { return filepath.Join(p.Root, "dist") }

// Find answers the project in dir or, when dir is empty, in the nearest folder
// from start upwards.
func Find(dir, start string) (Project, error) {
	if dir != "" {
		root, err := filepath.Abs(dir)
		if err != nil {
			return Project{}, fmt.Errorf("find the project: %w", err)
		}
		if !is(root) {
			return Project{}, hint.New(fmt.Sprintf("%s is not a reliableq project: it has no terraform/main.tf", root),
				"give --dir the folder that holds terraform/ and functions/")
		}
		return Project{Root: root}, nil
	}
	at, err := filepath.Abs(start)
	if err != nil {
		return Project{}, fmt.Errorf("find the project: %w", err)
	}
	for root := at; ; root = filepath.Dir(root) {
		if is(root) {
			return Project{Root: root}, nil
		}
		if root == filepath.Dir(root) {
			return Project{}, hint.New(fmt.Sprintf("no reliableq project in %s or above: no folder with terraform/main.tf", at),
				"change into a checkout of the project, or name it with --dir")
		}
	}
}

// is reports whether root holds a root module.
func is(root string) bool {
	info, err := os.Stat(filepath.Join(root, "terraform", "main.tf"))
	return err == nil && info.Mode().IsRegular()
}
