package bundle

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// Mains returns the names of the main packages in the directories below dir, in order.
func Mains(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		next := ""
		if errors.Is(err, fs.ErrNotExist) {
			next = "change to a checkout of the project, or name it with --dir"
		}
		return nil, hint.With(fmt.Errorf("find functions: %w", err), next)
	}

	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if main, err := isMain(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		} else if main {
			names = append(names, e.Name())
		}
	}

	if len(names) == 0 {
		return nil, hint.New(fmt.Sprintf("no functions in %s: no directory there has a main package", dir), "name another project with --dir")
	}

	return names, nil
}

// isMain reports whether the directory's Go files, without tests, are package main.
func isMain(dir string) (bool, error) {
	// The first file that is not a test has the name of the package.
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return false, fmt.Errorf("list %s: %w", dir, err)
	}

	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly)
		if err != nil {
			return false, hint.With(fmt.Errorf("read the package clause: %w", err), "fix the source file")
		}
		return f.Name.Name == "main", nil
	}

	return false, nil
}
