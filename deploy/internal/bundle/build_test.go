package bundle_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/deploy/internal/bundle"
	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// module writes a small Go module with two functions and a library.
func module(t *testing.T) bundle.Options {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{
		"go.mod":                    "module example.com/shop\n\ngo 1.24\n",
		"functions/alpha/main.go":   "package main\n\nfunc main() { println(\"alpha\") }\n",
		"functions/beta/main.go":    "package main\n\nfunc main() { println(\"beta\") }\n",
		"functions/order/order.go":  "package order\n",
		"functions/data/readme.txt": "no Go here\n",
		"functions/alpha/a_test.go": "package main_test\n",
		"functions/loose.go":        "package functions\n",
	}
	for name, body := range files {
		write(t, filepath.Join(root, name), body)
	}
	return bundle.Options{Functions: filepath.Join(root, "functions"), Dist: filepath.Join(root, "dist"), Platform: bundle.Platform{OS: "linux", Arch: "arm64"}}
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

func build(t *testing.T, o bundle.Options) []bundle.Result {
	t.Helper()
	results, err := bundle.Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func statuses(results []bundle.Result) map[string]bundle.Status {
	m := map[string]bundle.Status{}
	for _, r := range results {
		m[r.Name] = r.Status
	}
	return m
}

func TestBuildMakesOneZipForEachMainPackage(t *testing.T) {
	t.Parallel()
	o := module(t)
	got := statuses(build(t, o))
	if diff := cmp.Diff(map[string]bundle.Status{"alpha": bundle.Built, "beta": bundle.Built}, got); diff != "" {
		t.Fatal(diff)
	}
	r, err := zip.OpenReader(filepath.Join(o.Dist, "alpha.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.File) != 1 || r.File[0].Name != "bootstrap" || r.File[0].Mode().Perm() != 0o755 || r.File[0].Modified.Year() != 1980 {
		t.Errorf("entries: %+v", r.File)
	}
}

func TestTheSameSourcesGiveTheSameBytesInAnotherFolder(t *testing.T) {
	t.Parallel()
	one, two := build(t, module(t)), build(t, module(t))
	for i := range one {
		t.Run(one[i].Name, func(t *testing.T) {
			if one[i].SHA256 != two[i].SHA256 || one[i].Bytes != two[i].Bytes {
				t.Errorf("%s: %s and %s differ", one[i].Name, one[i].SHA256, two[i].SHA256)
			}
		})
	}
}

func TestASecondBuildDoesNothingAndAChangeRebuildsItsFunctionOnly(t *testing.T) {
	t.Parallel()
	o := module(t)
	first := build(t, o)
	second := build(t, o)
	if diff := cmp.Diff(map[string]bundle.Status{"alpha": bundle.UpToDate, "beta": bundle.UpToDate}, statuses(second)); diff != "" {
		t.Fatal(diff)
	}
	if first[0].SHA256 != second[0].SHA256 {
		t.Error("an up-to-date zip changed")
	}
	write(t, filepath.Join(o.Functions, "alpha", "main.go"), "package main\n\nfunc main() { println(\"changed\") }\n")
	if diff := cmp.Diff(map[string]bundle.Status{"alpha": bundle.Built, "beta": bundle.UpToDate}, statuses(build(t, o))); diff != "" {
		t.Error(diff)
	}
	o.Platform.Arch = "amd64"
	if diff := cmp.Diff(map[string]bundle.Status{"alpha": bundle.Built, "beta": bundle.Built}, statuses(build(t, o))); diff != "" {
		t.Error("another architecture: ", diff)
	}
}

func TestAZipOfAnotherToolIsLeftAloneUnlessForced(t *testing.T) {
	t.Parallel()
	o := module(t)
	path := filepath.Join(o.Dist, "beta.zip")
	write(t, path, "")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	if _, err := w.Create("bootstrap"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	before, _ := os.ReadFile(path)
	if got := statuses(build(t, o)); got["beta"] != bundle.Foreign || got["alpha"] != bundle.Built {
		t.Errorf("statuses: %v", got)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the other tool's zip was changed")
	}
	o.Force = true
	if got := statuses(build(t, o)); got["beta"] != bundle.Built {
		t.Errorf("forced: %v", got)
	}
}

func TestBuildErrorsHaveHints(t *testing.T) {
	t.Parallel()
	broken := module(t)
	write(t, filepath.Join(broken.Functions, "alpha", "main.go"), "package main\n\nfunc main() { nonsense }\n")
	none := module(t)
	none.Functions = filepath.Join(none.Functions, "data")
	absent := module(t)
	absent.Functions += "-gone"
	corrupt := module(t)
	write(t, filepath.Join(corrupt.Dist, "alpha.zip"), "this is no zip")
	file := module(t)
	write(t, file.Dist, "a file where the folder should be")
	for name, o := range map[string]bundle.Options{"syntax": broken, "no main": none, "no folder": absent, "corrupt zip": corrupt, "dist is a file": file} {
		t.Run(name, func(t *testing.T) {
			_, err := bundle.Build(t.Context(), o)
			if err == nil || hint.Of(err) == "" {
				t.Errorf("%s: error %v, hint %q", name, err, hint.Of(err))
			}
		})
	}
}

func TestArchitecturesHaveTheNamesOfGoAndLambda(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"} {
		t.Run(in, func(t *testing.T) {
			arch, err := bundle.ParseArch(in)
			if got := (bundle.Platform{OS: "linux", Arch: arch}).Lambda(); err != nil || got != want {
				t.Errorf("%s: %s, %v; want %s", in, got, err, want)
			}
		})
	}
	if _, err := bundle.ParseArch("riscv64"); hint.Of(err) == "" {
		t.Errorf("riscv64: %v", err)
	}
}

// elf is the beginning of an ELF file for a machine.
func elf(class, machine byte) string {
	return "\x7fELF" + string([]byte{class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, machine, 0}) + "the rest"
}

// foreign replaces a function's zip, as another tool would.
func foreign(t *testing.T, path, bootstrap string) {
	t.Helper()
	var body bytes.Buffer
	w := zip.NewWriter(&body)
	entry, err := w.Create("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write([]byte(bootstrap)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, path, body.String())
}

// The record of a package has its architecture and the digest of its zip. Terraform
// refuses a mismatch with its help.
func TestARecordHasTheArchitectureOfItsPackage(t *testing.T) {
	t.Parallel()
	o := module(t)
	read := func() (record struct{ Architecture, SHA256 string }) {
		body, err := os.ReadFile(filepath.Join(o.Dist, "alpha.json"))
		if err == nil {
			err = json.Unmarshal(body, &record)
		}
		if err != nil {
			t.Fatal(err)
		}
		return record
	}
	digest := func() string {
		body, err := os.ReadFile(filepath.Join(o.Dist, "alpha.zip"))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", sha256.Sum256(body))
	}
	for _, arch := range []string{"arm64", "amd64", "amd64"} {
		t.Run(arch, func(t *testing.T) {
			o.Platform.Arch = arch
			results := build(t, o)
			want := o.Platform.Lambda()
			if got := read(); got.Architecture != want || got.SHA256 != digest() || results[0].Architecture != want {
				t.Errorf("for %s: record %+v, result %+v, digest %s", arch, got, results[0], digest())
			}
			other := map[string]string{"x86_64": "arm64", "arm64": "x86_64"}[want]
			if err := bundle.CheckArchitecture(results, want); err != nil {
				t.Error(err)
			}
			if err := bundle.CheckArchitecture(results, other); err == nil || hint.Of(err) == "" {
				t.Errorf("packages for %s are deployed for %s: %v", want, other, err)
			}
		})
	}
}

// The architecture of packages of other tools is read from the header of their
// program. A package without a readable header is accepted, and has no record.
func TestTheArchitectureOfAForeignZipIsReadFromItsProgram(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ bootstrap, want string }{
		"arm64":      {elf(2, 183), "arm64"},
		"x86_64":     {elf(2, 62), "x86_64"},
		"riscv":      {elf(2, 243), ""},
		"32 bits":    {elf(1, 62), ""},
		"a script":   {"#!/bin/sh\necho a script that is long enough\n", ""},
		"cut off":    {"\x7fELF", ""},
		"not at all": {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := module(t)
			write(t, filepath.Join(o.Dist, "beta.json"), "{}")
			foreign(t, filepath.Join(o.Dist, "beta.zip"), c.bootstrap)
			results := build(t, o)
			if results[1].Status != bundle.Foreign || results[1].Architecture != c.want {
				t.Errorf("%+v", results[1])
			}
			_, err := os.Stat(filepath.Join(o.Dist, "beta.json"))
			if (err == nil) != (c.want != "") {
				t.Errorf("a record: %v", err)
			}
			err = bundle.CheckArchitecture(results[1:], "x86_64")
			if (err != nil) != (c.want == "arm64") {
				t.Errorf("deployed for x86_64: %v", err)
			}
		})
	}
}
