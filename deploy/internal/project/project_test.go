package project_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/project"
)

func tree(t *testing.T) (root, deep string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	deep = filepath.Join(root, "functions", "consumer")
	for _, dir := range []string{deep, filepath.Join(root, "terraform")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "terraform", "main.tf"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return root, deep
}

func TestFindWalksUpToTheProject(t *testing.T) {
	t.Parallel()
	root, deep := tree(t)
	for _, start := range []string{root, deep} {
		t.Run(start, func(t *testing.T) {
			p, err := project.Find("", start)
			if err != nil {
				t.Fatal(err)
			}
			if p.Root != root || p.Dist() != filepath.Join(root, "dist") {
				t.Errorf("from %s: %+v, want %s", start, p, root)
			}
		})
	}
}

func TestFindWithoutAProjectHasAHint(t *testing.T) {
	t.Parallel()
	_, deep := tree(t)
	if _, err := project.Find(deep, deep); hint.Of(err) == "" {
		t.Errorf("a named folder that is not a project: %v without a hint", err)
	}
	if _, err := project.Find("", t.TempDir()); hint.Of(err) == "" {
		t.Errorf("no project in any parent folder: %v without a hint", err)
	}
}
