package reliableq_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// pathInDocs is a path in backquotes: a Go file, or a folder with a slash at its end.
var pathInDocs = regexp.MustCompile("`([a-z][a-z0-9_/]*(?:/|\\.go))`")

// docs/architecture.md names files and folders that exist.
func TestArchitectureNamesExistingFiles(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}

	n := 0
	for _, m := range pathInDocs.FindAllSubmatch(page, -1) {
		n++
		path := string(m[1])
		info, err := os.Stat(path)
		if err != nil {
			t.Errorf("%s does not exist", path)
			continue
		}
		if info.IsDir() != strings.HasSuffix(path, "/") {
			t.Errorf("%s: want a slash at the end of folders and only there", path)
		}
	}
	if n < 40 {
		t.Errorf("only %d paths found: the test does not understand the page", n)
	}
}
