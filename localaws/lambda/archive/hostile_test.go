//go:build unix

package archive_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/archive"
)

// Every zip is checked and unpacked, or refused, with little time and memory.
func TestAHostileZipCostsLittle(t *testing.T) {
	deep := func(depth int) string { return strings.Repeat("d/", depth) }
	for name, raw := range map[string][]byte{
		"OneDeepName":          named(t, deep(32767)+"f"),
		"OneLongName":          named(t, strings.Repeat("n/", 30000)+"f"),
		"DotsInAName":          named(t, strings.Repeat("./", 32000)+"f"),
		"SlashesInAName":       named(t, strings.Repeat("/", 65000)),
		"ManyDeepNames":        named(t, numbered(800, deep(30000)+"%d")...),
		"ManyEntries":          named(t, numbered(900_000, "%d")...),
		"ManyNamesAlike":       named(t, numbered(1000, strings.Repeat("same/", 50)+"%d")...),
		"ManyFoldersInNames":   named(t, numbered(20_000, "%[1]d/"+strings.Repeat("%[1]d/", 60)+"f")...),
		"DeepFoldersThatPass":  named(t, numbered(20, "%d/"+deep(archive.MaxDepth-1)+"f")...),
		"ManyHeadersBehindEnd": append(named(t, "f"), bytes.Repeat([]byte("PK\x01\x02"), 1<<20)...),
		"ManyHeadersBefore":    append(bytes.Repeat([]byte("PK\x01\x02"), 1<<20), named(t, "f")...),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := processorTime(t)
			z, err := archive.Read(raw)
			if err == nil {
				err = z.Unpack(filepath.Join(t.TempDir(), "code"))
			}
			took := processorTime(t) - start
			runtime.ReadMemStats(&after)
			spent := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%d KB zipped: %v, %d MB, %v", len(raw)>>10, took.Round(time.Millisecond), spent, err)
			if err != nil && !errors.Is(err, archive.ErrUnreadable) {
				t.Errorf("%v", err)
			}
			if took > 5*time.Second || spent > 200 {
				t.Errorf("took %v and %d MB", took, spent)
			}
		})
	}
}

// processorTime returns the processor time that this process has used. Elapsed time
// would depend on the load of the computer.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
