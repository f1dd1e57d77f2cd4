package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sample = `// Package p is a sample.
package p

// F returns 1 and answers nothing.
func F() int {
	// A step.
	a, b := 1, 2
	a, b = b, a

	c, d := pair()
	_ = ` + "`\n\n// not a comment\n`" + `
	return a + b + c + d
}

func pair() (int, int) { return 1, 2 }

var _ = point{x: 1, y: 2, z: 3}
var _ = point{
	x: 1,
	y: 2,
}
`

const sampleTest = `package p

func TestF(t *testing.T) { t.Run("x", nil) }
func TestG(t *testing.T) {}
`

func TestFiguresOfASample(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"p/p.go": sample, "p/p_test.go": sampleTest, "p/testdata/x.go": "not Go"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	// 10 lines in the body of F: one blank, one comment, one parallel assignment.
	var out strings.Builder
	if err := run(&out, []string{"./p/..."}); err != nil {
		t.Fatal(err)
	}
	want := []string{"p", "10.0", "10.0", "33.3", "100.0", "1", "1", "0.50"}
	found := false
	for line := range strings.Lines(out.String()) {
		found = found || slices.Equal(strings.Fields(line), want)
	}
	if !found {
		t.Errorf("want a line %q in\n%s", want, out.String())
	}

	if err := run(&out, []string{"q"}); err == nil {
		t.Error("a folder without Go files is accepted")
	}
}
