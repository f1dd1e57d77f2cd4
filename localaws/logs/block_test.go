package logs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// Events arrive in any sequence and with any length. The stream has them sorted, with
// the right counts, also after a restart.
func TestStreamHoldsItsEventsSorted(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(rt *rapid.T) {
		disk, err := store.Open("data", store.Options{Crashable: store.NewCrashable()})
		if err != nil {
			rt.Fatal(err)
		}

		defer disk.Close()

		b := open(t, func(o *Options) { o.Store = disk })
		b.group("g", "s")

		var want []string
		var size int64
		for i := range rapid.IntRange(1, 60).Draw(rt, "writes") {
			at := start.Add(time.Duration(rapid.IntRange(0, 50).Draw(rt, "second")) * time.Second)
			var messages []string
			for k := range rapid.IntRange(1, 5).Draw(rt, "events") {
				length := rapid.SampledFrom([]int{0, 10, 1000, maxOpenBlock, maxBlockBytes}).Draw(rt, "length")
				m := fmt.Sprintf("%02d/%d ", i, k) + strings.Repeat("x", length)
				messages = append(messages, m)
				want = append(want, fmt.Sprintf("%d %s", at.Add(time.Duration(k)*time.Second).UnixMilli(), m))
				size += int64(len(m)) + eventOverhead
			}
			b.write("g", "s", at, messages...)
		}

		slices.Sort(want) // by time, then by the number of the write

		for _, restarted := range []bool{false, true} {
			if restarted {
				b = open(t, func(o *Options) { o.Store = disk })
			}

			var got []string
			st := b.groups[awsapi.Scope{Account: account, Region: region}]["g"].streams["s"]
			for _, bl := range st.blocks {
				if len(bl.data) > maxBlockBytes && bl.n > 1 {
					rt.Fatalf("a block of %d events has %d bytes", bl.n, len(bl.data))
				}
				for _, e := range bl.events() {
					got = append(got, fmt.Sprintf("%d %s", e.time, e.message))
				}
			}

			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("events (restarted: %t) differ (-want +got):\n%s", restarted, diff)
			}

			checkCounts(rt, b)
			if g := st.group; g.size != size {
				rt.Fatalf("size of the group (restarted: %t) is %d bytes, want %d", restarted, g.size, size)
			}
		}
	})
}

// checkCounts compares the sums of sizes and memory with the blocks.
func checkCounts(t interface{ Fatalf(string, ...any) }, b *fixture) {
	var all int64
	for _, groups := range b.groups {
		for _, g := range groups {
			var size, memory int64
			for _, st := range g.streams {
				if st.implicit {
					memory += streamOverhead
				}
				for _, bl := range st.blocks {
					size += bl.size
					memory += bl.memory()
				}
			}

			if size != g.size || memory != g.memory {
				t.Fatalf("group %s has size %d and memory %d, want %d and %d", g.name, g.size, g.memory, size, memory)
			}

			all += memory
		}
	}

	if all != b.memory {
		t.Fatalf("the service has memory %d, want %d", b.memory, all)
	}
}

func TestFirstAndLastPageSelectTheSameEvents(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(rt *rapid.T) {
		var events []event
		for i := range rapid.IntRange(0, 200).Draw(rt, "events") {
			events = append(events, event{
				time:    int64(rapid.IntRange(0, 20).Draw(rt, "time")),
				seq:     uint64(i + 1),
				message: strings.Repeat("m", rapid.IntRange(0, 2000).Draw(rt, "length")),
			})
		}

		slices.SortFunc(events, comparePositions)
		var id uint64
		blocks := packEvents(events, func() uint64 { id++; return id })
		at := func(name string) position {
			return position{int64(rapid.IntRange(-1, 21).Draw(rt, name)), uint64(rapid.IntRange(0, 200).Draw(rt, name))}
		}
		want := selection{
			from:   int64(rapid.IntRange(-1, 21).Draw(rt, "from")),
			to:     int64(rapid.IntRange(-1, 21).Draw(rt, "to")),
			after:  at("after"),
			before: at("before"),
		}

		selected := slices.DeleteFunc(events, func(e event) bool { return !want.contains(e.position()) })
		limit := rapid.IntRange(1, 50).Draw(rt, "limit")
		narrowed := want.overlapping(blocks)
		ids := func(events []event) (out []uint64) {
			for _, e := range events {
				out = append(out, e.seq)
			}
			return out
		}
		if diff := cmp.Diff(ids(selected[:min(limit, len(selected))]), ids(want.firstPage(narrowed, limit))); diff != "" {
			rt.Fatalf("first page differs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(ids(selected[max(0, len(selected)-limit):]), ids(want.lastPage(narrowed, limit))); diff != "" {
			rt.Fatalf("last page differs (-want +got):\n%s", diff)
		}
	})
}

// The disk may return any data: either it is refused, or its events are sorted.
func FuzzDecodeBlock(f *testing.F) {
	var b block
	for i := range 3 {
		b.add(event{
			time:     int64(i),
			ingested: 5,
			seq:      uint64(i),
			message:  "message",
		})
	}

	f.Add(b.data)
	f.Add([]byte{0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, _, err := decodeBlock(1, data)
		if err != nil {
			return
		}

		events := b.events()
		if len(events) != b.n || !slices.IsSortedFunc(events, comparePositions) {
			t.Fatalf("%d events, counted %d: %+v", len(events), b.n, events)
		}

		again := block{id: 1}
		for _, e := range events {
			again.add(e)
		}

		if _, _, err := decodeBlock(1, again.data); err != nil || again.first != b.first || again.last != b.last || again.size != b.size {
			t.Fatalf("encoded again: error %v, block %+v, want %+v", err, again, b)
		}
	})
}

func TestTruncatedBlockIsRefused(t *testing.T) {
	t.Parallel()

	var b block
	b.add(event{
		time:     1 << 40,
		ingested: 1<<40 + 7,
		seq:      9,
		message:  "message",
	})
	if _, _, err := decodeBlock(1, b.data); err != nil {
		t.Fatal(err)
	}

	for n := 1; n < len(b.data); n++ {
		if _, _, err := decodeBlock(1, b.data[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were decoded, want an error", n, len(b.data))
		}
	}

	if _, _, err := decodeBlock(1, append(slices.Clone(b.data), 0, 0, 0, 0)); err == nil {
		t.Error("an event at the position of its predecessor was decoded, want an error")
	}
}
