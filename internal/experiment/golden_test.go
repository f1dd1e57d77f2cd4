package experiment

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "update the golden files")

// golden compares output with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read the golden file (-update writes it): %v", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestTableMatchesTheGoldenFile(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := WriteTable(&out, smallReport()); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", out.Bytes())
}

func TestCSVMatchesTheGoldenFile(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := WriteCSV(&out, smallReport()); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.csv", out.Bytes())
}

func TestPageMatchesTheGoldenOutline(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := WriteHTML(&out, smallReport()); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.html.outline", outline(t, out.Bytes()))
}
