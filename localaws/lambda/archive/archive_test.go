package archive_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/lambda/archive"
)

// entry is one entry of a zip that build creates.
type entry struct {
	name, content string
	mode          fs.FileMode
}

func build(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.mode == 0 {
			e.mode = 0o644
		}
		h.SetMode(e.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(e.content))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// named builds a zip of empty files.
func named(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		// Raw, because a compressor for each entry takes longer than the test.
		if _, err := w.CreateRaw(&zip.FileHeader{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// numbered returns n names made from a format.
func numbered(n int, pattern string) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf(pattern, i)
	}
	return names
}

func TestUnpackKeepsContentsAndTheRightToExecute(t *testing.T) {
	t.Parallel()
	raw := build(t, entry{"bootstrap", "#!/bin/sh\n", 0o755}, entry{"lib/", "", fs.ModeDir | 0o755}, entry{"lib/a/b.txt", "b", 0o600}, entry{"./c", "c", 0})
	z, err := archive.Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(raw); z.SHA256 != base64.StdEncoding.EncodeToString(sum[:]) || z.Key != fmt.Sprintf("%x", sum) || !z.Bootstrap.Script {
		t.Errorf("%s %s %v", z.SHA256, z.Key, z.Bootstrap)
	}
	dir := filepath.Join(t.TempDir(), "code")
	if err := z.Unpack(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		content string
		mode    fs.FileMode
	}{"bootstrap": {"#!/bin/sh\n", 0o555}, "lib/a/b.txt": {"b", 0o444}, "c": {"c", 0o444}} {
		t.Run(name, func(t *testing.T) {
			got, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != want.content || info.Mode() != want.mode {
				t.Errorf("content %q with mode %v, want %q with mode %v", got, info.Mode(), want.content, want.mode)
			}
		})
	}
	if left, _ := filepath.Glob(dir + ".*"); len(left) > 0 {
		t.Errorf("temporary files remain: %v", left)
	}
}

func TestHostileZipsAreRefusedAndWriteNothing(t *testing.T) {
	t.Parallel()
	many := make([]entry, archive.MaxEntries+1)
	for i := range many {
		many[i].name = fmt.Sprint("f", i)
	}
	for name, raw := range map[string][]byte{
		"NoZip":             []byte("hello"),
		"NoBytes":           nil,
		"CutShort":          build(t, entry{"a", strings.Repeat("a", 100), 0})[:40],
		"Parent":            build(t, entry{"../evil", "x", 0}),
		"ParentInside":      build(t, entry{"a/../../evil", "x", 0}),
		"ParentThatReturns": build(t, entry{"a/../b", "x", 0}),
		"Absolute":          build(t, entry{"/etc/passwd", "x", 0}),
		"Backslash":         build(t, entry{`..\evil`, "x", 0}),
		"Drive":             build(t, entry{"C:evil", "x", 0}),
		"NUL":               build(t, entry{"a\x00b", "x", 0}),
		"Symlink":           build(t, entry{"link", "/etc", fs.ModeSymlink | 0o777}),
		"ThroughASymlink":   build(t, entry{"link", "/tmp", fs.ModeSymlink | 0o777}, entry{"link/evil", "x", 0}),
		"Device":            build(t, entry{"dev", "", fs.ModeDevice | 0o600}),
		"Pipe":              build(t, entry{"pipe", "", fs.ModeNamedPipe | 0o600}),
		"Twice":             build(t, entry{"a", "1", 0}, entry{"a", "2", 0}),
		"TwiceUnderOneName": build(t, entry{"a", "1", 0}, entry{"./a", "2", 0}),
		"BelowAFile":        build(t, entry{"a", "1", 0}, entry{"a/b", "2", 0}),
		"LongName":          build(t, entry{strings.Repeat("n", 256), "1", 0}),
		"TooMany":           build(t, many...),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := archive.Read(raw); !errors.Is(err, archive.ErrUnreadable) {
				t.Errorf("error %v, want ErrUnreadable", err)
			}
		})
	}
}

func TestAZipWithoutEntriesIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := archive.Read(build(t)); !errors.Is(err, archive.ErrEmpty) {
		t.Errorf("%v, want ErrEmpty", err)
	}
}

func TestABombIsRefusedByTheSizeItClaims_C15(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 3 {
		// An entry may claim any size: nothing of it is read before the sizes are
		// summed.
		f, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprint("f", i), Method: zip.Deflate, CompressedSize64: 2, UncompressedSize64: 100 << 20})
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte{3, 0})
	}
	w.Close()
	if _, err := archive.Read(b.Bytes()); !errors.Is(err, archive.ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
}

func TestABombWithAFalseSizeIsCutOff(t *testing.T) {
	t.Parallel()
	// 260 MB of zeros, deflated, that claim to be one byte.
	var deflated bytes.Buffer
	w := zip.NewWriter(&deflated)
	f, err := w.Create("zeros")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 260 {
		f.Write(zeros)
	}
	w.Close()
	r, err := zip.NewReader(bytes.NewReader(deflated.Bytes()), int64(deflated.Len()))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := r.File[0].OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w = zip.NewWriter(&b)
	out, err := w.CreateRaw(&zip.FileHeader{Name: "zeros", Method: zip.Deflate, CompressedSize64: r.File[0].CompressedSize64, UncompressedSize64: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.(interface{ Write([]byte) (int, error) }).Write(readAll(t, raw)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	z, err := archive.Read(b.Bytes())
	if err != nil {
		return // refused immediately, which is also correct
	}
	dir := filepath.Join(t.TempDir(), "code")
	if err := z.Unpack(dir); err == nil {
		t.Error("the zip was unpacked")
	}
	if left, _ := filepath.Glob(dir + "*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func readAll(t *testing.T, r interface{ Read([]byte) (int, error) }) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPlatformOfAnExecutable(t *testing.T) {
	t.Parallel()
	elf := func(machine byte) []byte {
		b := make([]byte, 20)
		copy(b, "\x7fELF\x02\x01")
		b[18] = machine
		return b
	}
	for want, head := range map[string][]byte{
		"linux/amd64":  elf(62),
		"linux/arm64":  elf(183),
		"script":       []byte("#!/bin/sh"),
		"darwin/arm64": {0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1},
		"unknown":      []byte("hello"),
	} {
		t.Run(want, func(t *testing.T) {
			if got := archive.PlatformOf(head).String(); got != want {
				t.Errorf("platform of %q: %s, want %s", head, got, want)
			}
		})
	}
	own, err := os.ReadFile("/proc/self/exe")
	if err == nil && archive.PlatformOf(own[:64]).String() != runtime.GOOS+"/"+runtime.GOARCH {
		t.Errorf("this program: %s", archive.PlatformOf(own[:64]))
	}
}

func FuzzRead(f *testing.F) {
	f.Add(build(f, entry{"bootstrap", "#!/bin/sh", 0o755}, entry{"lib/a", "b", 0}))
	f.Add(build(f, entry{"../evil", "x", 0}))
	f.Add(named(f))
	f.Add(named(f, strings.Repeat("d/", archive.MaxDepth+1)+"f"))
	f.Add(named(f, numbered(300, "%d/./../%[1]d")...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		z, err := archive.Read(raw)
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		parent := t.TempDir()
		if err := z.Unpack(filepath.Join(parent, "in", "code")); err != nil {
			return
		}
		if list, _ := os.ReadDir(parent); len(list) != 1 {
			t.Fatalf("files were written outside of the directory: %v", list)
		}
	})
}

func ExampleRead() {
	raw, err := os.ReadFile("function.zip")
	if err != nil {
		fmt.Println("no zip here")
		return
	}
	z, err := archive.Read(raw)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(z.SHA256, z.Bootstrap, z.Unpack("/var/task"))
	// Output: no zip here
}
