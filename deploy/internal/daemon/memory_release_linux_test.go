package daemon

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOnlyCleanPagesAreReleased: a page with relocations is not in the file, and the
// program could not continue without it.
func TestOnlyCleanPagesAreReleased(t *testing.T) {
	t.Parallel()
	const smaps = `00400000-00402000 r--p 00000000 fe:00 7                     /bin/reliableq
Rss:                   8 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
00402000-01400000 r-xp 00002000 fe:00 7                     /bin/reliableq
Anonymous:             0 kB
01400000-01500000 r--p 01000000 fe:00 7                     /bin/reliableq
Anonymous:             4 kB
01500000-01600000 rw-p 01100000 fe:00 7                     /bin/reliableq
Anonymous:             0 kB
01600000-01700000 r--p 00000000 fe:00 8                     /lib/libc.so.6
Anonymous:             0 kB
c000000000-c000400000 rw-p 00000000 00:00 0
Anonymous:          4096 kB
7fff00000000-7fff00001000 r-xp 00000000 00:00 0             [vdso]
Anonymous:             0 kB
`
	got, err := sharedRegions(strings.NewReader(smaps), "/bin/reliableq")
	if err != nil {
		t.Fatal(err)
	}
	want := []region{{0x400000, 0x402000}, {0x402000, 0x1400000}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(region{})); diff != "" {
		t.Error(diff)
	}
}

// TestTheProgramRunsAfterTrim: the kernel reads code and tables again when the program
// uses them.
func TestTheProgramRunsAfterTrim(t *testing.T) {
	t.Parallel()
	for range 3 {
		if err := ReleaseStartupMemory(); err != nil {
			t.Fatal(err)
		}
		if got := strings.ToUpper("still here"); got != "STILL HERE" {
			t.Errorf("got %q", got)
		}
	}
}

func FuzzCleanRegions(f *testing.F) {
	f.Add("00400000-00402000 r--p 0 fe:00 7 /bin/x\nAnonymous: 0 kB\n")
	f.Add("-\n- r--p\nAnonymous:\n")
	f.Fuzz(func(t *testing.T, smaps string) {
		got, _ := sharedRegions(strings.NewReader(smaps), "/bin/x")
		for _, r := range got {
			if r.start >= r.end {
				t.Errorf("a region from %x to %x", r.start, r.end)
			}
		}
	})
}
