package logs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// flood writes n short lines, like a function that prints in an endless loop.
func (b *fixture) flood(group, stream string, n int) {
	b.t.Helper()
	const batch = 4096
	events := make([]Event, batch)
	for i := range events {
		events[i] = Event{start, "x"}
	}
	for ; n > 0; n -= batch {
		if err := b.Write(account, region, group, stream, events[:min(n, batch)]); err != nil {
			b.t.Fatal(err)
		}
	}
}

// liveHeap returns the size of the live heap in bytes.
func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The memory that the service counts is what the heap uses, for short and long lines,
// in one stream or in many. So a limit of the count limits the heap. This test is not
// parallel, because it measures the process.
func TestLogsStayWithinMemoryLimit(t *testing.T) {
	for name, write := range map[string]func(b *fixture){
		"ShortLines": func(b *fixture) { b.flood("g", "s", 12_000_000) },
		"LongLines": func(b *fixture) {
			for range 2000 {
				b.write("g", "s", start, strings.Repeat("x", 20_000))
			}
		},
		"OneLineInEachStream": func(b *fixture) {
			for i := range 60_000 {
				b.write("g", fmt.Sprintf("2026/01/02/[$LATEST]%032d", i), start, "START", "END")
			}
		},
		"FromTheNewestToTheOldest": func(b *fixture) {
			for i := range 50_000 {
				b.write("g", "s", start.Add(-time.Duration(i)*time.Second), "an event that is older than all others")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := liveHeap()
			b := open(t, func(o *Options) { o.MaxBytes = 32 << 20 })
			if err := b.EnsureGroup(account, region, "g"); err != nil {
				t.Fatal(err)
			}

			write(b)
			grown := liveHeap() - before
			if b.memory > b.maxMemory {
				t.Errorf("%d bytes are counted, want at most %d", b.memory, b.maxMemory)
			}

			if most := b.memory + b.memory/4 + 1<<20; grown > most {
				t.Errorf("the heap grew by %d bytes, and %d are counted", grown, b.memory)
			}

			checkCounts(t, b)
		})
	}
}

func TestFloodedGroupLosesOldestEventsWithWarning(t *testing.T) {
	t.Parallel()

	var log bytes.Buffer
	b := open(t, func(o *Options) {
		o.MaxBytes = MinMaxBytes
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	var dropped float64
	b.OnMeasurement(func(_, _ string, m Measurement) {
		if m.Name != droppedMetric || m.Dimensions["LogGroupName"] != "flooded" {
			t.Errorf("unexpected measurement %+v", m)
		}
		dropped += m.Value
	})

	for _, g := range []string{"quiet", "flooded"} {
		t.Run(g, func(t *testing.T) {
			b := b.in(t)

			if err := b.EnsureGroup(account, region, g); err != nil {
				t.Fatal(err)
			}
		})
	}

	b.write("quiet", "s", start, "the only line")

	const n = 2000
	for i := range n {
		b.write("flooded", []string{"a", "b"}[i%2], start.Add(time.Duration(i)*time.Second), fmt.Sprintf("%05d", i)+strings.Repeat(" ", 5000))
	}

	var left []string
	in := &FilterLogEventsInput{LogGroupName: "flooded"}
	for more := true; more; more = in.NextToken != "" {
		out := ok[FilterLogEventsOutput](b, "FilterLogEvents", in)
		left = append(left, messages(out.Events)...)
		in.NextToken = out.NextToken
	}

	if !slices.IsSorted(left) || len(left) < 500 || !strings.HasPrefix(left[0], fmt.Sprintf("%05d", n-len(left))) {
		t.Errorf("%d events are left, the first %.5s, the last %.5s: want the newest", len(left), left[0], left[len(left)-1])
	}

	if g := b.groups[awsapi.Scope{Account: account, Region: region}]["flooded"]; g.dropped != int64(n-len(left)) || dropped != float64(n-len(left)) {
		t.Errorf("%d of %d events are left; %d are counted as dropped, and %v measured", len(left), n, g.dropped, dropped)
	}

	if got := ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "quiet"}); len(got.Events) != 1 {
		t.Errorf("the small group has %d events, want 1", len(got.Events))
	}

	if warnings := strings.Count(log.String(), "logs reached their memory limit"); warnings != 1 {
		t.Errorf("%d warnings in one minute, want 1: %s", warnings, log.String())
	}
}

// A stream that a write has created is removed with its last event, because there is
// one for each environment. A stream that a request has created stays.
func TestFullGroupLosesImplicitStreams(t *testing.T) {
	t.Parallel()

	b := open(t, func(o *Options) { o.MaxBytes = MinMaxBytes })
	b.group("g", "asked-for")
	b.write("g", "asked-for", start, "first")
	for i := range 20_000 {
		b.write("g", fmt.Sprint("environment-", i), start.Add(time.Duration(i)*time.Second), "START", "END")
	}

	streams := b.groups[awsapi.Scope{Account: account, Region: region}]["g"].streams
	if len(streams) > int(b.maxMemory/streamOverhead) {
		t.Errorf("%d streams are left, want fewer", len(streams))
	}

	if st := streams["asked-for"]; st == nil || len(st.blocks) != 0 {
		t.Errorf("stream asked-for is %+v, want it without events", st)
	}

	if streams["environment-19999"] == nil || streams["environment-0"] != nil {
		t.Error("want the newest streams, without the oldest")
	}

	checkCounts(t, b)
}

// A flooded group leaves a data directory that is small and fast to read.
func TestDataDirectoryStaysSmallWhenFlooded(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	disk, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}

	limit := func(o *Options) {
		o.Store = disk
		o.MaxBytes = 16 << 20
	}
	b := open(t, limit)
	if err := b.EnsureGroup(account, region, "g"); err != nil {
		t.Fatal(err)
	}

	b.flood("g", "s", 8_000_000)
	held := b.memory
	size := b.groups[awsapi.Scope{Account: account, Region: region}]["g"].size
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}

	if disk, err = store.Open(dir, store.Options{}); err != nil {
		t.Fatal(err)
	}

	defer disk.Close()

	keys := 0
	if err := disk.Scan(blockTable, "", func(string, []byte) error { keys++; return nil }); err != nil {
		t.Fatal(err)
	}

	if most := int(b.maxMemory/maxOpenBlock) + 1; keys == 0 || keys > most {
		t.Errorf("%d keys, want at most %d", keys, most)
	}

	if files := directorySize(t, filepath.Join(dir, "data")); files > 64<<20 {
		t.Errorf("the data directory has %d bytes for %d of logs", files, held)
	}

	b = open(t, limit)
	if g := b.groups[awsapi.Scope{Account: account, Region: region}]["g"]; g.size != size {
		t.Errorf("after the restart the group counts %d bytes, want %d", g.size, size)
	}

	checkCounts(t, b)
}

// directorySize returns the size of all files in a directory.
func directorySize(t *testing.T, dir string) (sum int64) {
	t.Helper()
	err := filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func TestLowerLimitAppliesAtNextStart(t *testing.T) {
	t.Parallel()

	disk, err := store.Open("data", store.Options{Crashable: store.NewCrashable()})
	if err != nil {
		t.Fatal(err)
	}

	defer disk.Close()

	b := open(t, func(o *Options) {
		o.Store = disk
		o.MaxBytes = 32 << 20
	})
	if err := b.EnsureGroup(account, region, "g"); err != nil {
		t.Fatal(err)
	}

	b.flood("g", "s", 2_000_000)
	for range 2 { // the second start reads what the first has left
		b = open(t, func(o *Options) {
			o.Store = disk
			o.MaxBytes = MinMaxBytes
		})
		if b.memory > b.maxMemory || b.memory < b.maxMemory/2 {
			t.Errorf("%d bytes are left, want nearly %d", b.memory, b.maxMemory)
		}
		checkCounts(t, b)
	}
}

func TestExpiredEventsAreRemovedFromMixedBlocks(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "s")
	for i := range 48 {
		b.write("g", "s", start.Add(time.Duration(i-47)*time.Hour), fmt.Sprintf("%02d", i))
	}

	ok[awsapi.None](b, "PutRetentionPolicy", &PutRetentionPolicyInput{LogGroupName: "g", RetentionInDays: 1})
	got := messages(ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"}).Events)
	if len(got) != 25 || got[0] != "23" {
		t.Errorf("%q are left, want those of the last day", got)
	}

	checkCounts(t, b)
}

// Older versions stored events one by one. Such a data directory is converted at
// start.
func TestEventsStoredOneByOneAreConverted(t *testing.T) {
	t.Parallel()

	disk, err := store.Open("data", store.Options{Crashable: store.NewCrashable()})
	if err != nil {
		t.Fatal(err)
	}

	defer disk.Close()

	b := open(t, func(o *Options) { o.Store = disk })
	b.group("g", "s")
	b.write("g", "s", start, "packed")
	st := b.groups[awsapi.Scope{Account: account, Region: region}]["g"].streams["s"]

	old := disk.Batch()
	for i, m := range []string{"one", "two"} {
		t.Run(m, func(t *testing.T) {
			value := binary.BigEndian.AppendUint64(nil, uint64(start.UnixMilli()+int64(i)-1))
			value = binary.BigEndian.AppendUint64(value, uint64(start.UnixMilli()))
			old.Put(eventTable, fmt.Sprintf("%016x%016x", st.id, 100+i), append(value, m...))
		})
	}

	if err := old.Apply().Wait(); err != nil {
		t.Fatal(err)
	}

	for range 2 {
		b = open(t, func(o *Options) { o.Store = disk })
		got := messages(ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"}).Events)
		if !slices.Equal(got, []string{"one", "packed", "two"}) {
			t.Errorf("events %q", got)
		}
		checkCounts(t, b)
		left := disk.Scan(eventTable, "", func(key string, _ []byte) error { return fmt.Errorf("key %s is left", key) })
		if left != nil {
			t.Error(left)
		}
	}
}
