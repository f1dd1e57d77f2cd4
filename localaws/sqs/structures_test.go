package sqs

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// keyed is an element of the reference slice.
type keyed struct {
	key int64
	m   *message
}

func least(all []keyed) []keyed {
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.m.number, b.m.number))
	})
	return all
}

func TestHeapReturnsTheLeastAfterRemovals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := messageHeap{index: deadlineHeap}
		var all []keyed
		for i := range rapid.IntRange(1, 200).Draw(rt, "steps") {
			if len(all) > 0 && rapid.IntRange(0, 2).Draw(rt, "remove") == 0 {
				j := rapid.IntRange(0, len(all)-1).Draw(rt, "which")
				h.remove(all[j].m)
				h.remove(all[j].m) // a second removal has no effect
				all = slices.Delete(all, j, j+1)
			} else {
				k := keyed{rapid.Int64Range(0, 20).Draw(rt, "key"), &message{number: uint64(i)}}
				h.push(k.key, k.m)
				all = append(all, k)
			}
			if h.len() != len(all) {
				rt.Fatalf("%d in the heap, want %d", h.len(), len(all))
			}
			if all = least(all); len(all) > 0 && h.items[0].m != all[0].m {
				rt.Fatalf("root is %d of key %d, want %d of key %d", h.items[0].m.number, h.items[0].key, all[0].m.number, all[0].key)
			}
		}
	})
}

func TestHeapFreesMemory(t *testing.T) {
	t.Parallel()
	h := messageHeap{index: deadlineHeap}
	var all []*message
	for i := range 10_000 {
		m := &message{number: uint64(i)}
		all = append(all, m)
		h.push(int64(i), m)
	}
	for _, m := range all[:9_990] {
		h.remove(m)
	}
	if cap(h.items) > 2048 {
		t.Errorf("ten messages in a heap with capacity %d", cap(h.items))
	}
	if at, _ := h.min(); at != 9_990 {
		t.Errorf("root is %d", at)
	}
}

func TestSortedListReturnsTheFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		o := newSortedList(readyLinks, readyHeap)
		var all []keyed
		for i := range rapid.IntRange(1, 200).Draw(rt, "steps") {
			if len(all) > 0 && rapid.IntRange(0, 2).Draw(rt, "remove") == 0 {
				j := rapid.IntRange(0, len(all)-1).Draw(rt, "which")
				o.remove(all[j].m)
				o.remove(all[j].m)
				all = slices.Delete(all, j, j+1)
			} else {
				key := int64(i * 10) // mostly increasing
				if rapid.IntRange(0, 3).Draw(rt, "late") == 0 {
					key -= rapid.Int64Range(0, 1000).Draw(rt, "by")
				}
				k := keyed{key, &message{number: uint64(i)}}
				o.add(k.key, k.m)
				all = append(all, k)
			}
			n := 0
			for range o.all {
				n++
			}
			if n != len(all) {
				rt.Fatalf("%d in the order, want %d", n, len(all))
			}
			first := o.first()
			if all = least(all); len(all) == 0 && first != nil || len(all) > 0 && (first == nil || keyOf(all, first) != all[0].key) {
				rt.Fatalf("first is %+v of %d", first, len(all))
			}
		}
	})
}

func keyOf(all []keyed, m *message) int64 {
	for _, k := range all {
		if k.m == m {
			return k.key
		}
	}
	return -1 << 62
}

func TestExpiringMapExpiresEntries(t *testing.T) {
	t.Parallel()
	var m expiringMap[int]
	if m.nextExpiry() != 0 {
		t.Error("an empty map has an expiry")
	}
	m.add("a", 1, 10)
	m.add("b", 2, 20)
	var lost []string
	note := func(key string) { lost = append(lost, key) }
	m.expire(9, note)
	if v, some := m.get("a"); !some || v != 1 || m.nextExpiry() != 10 {
		t.Errorf("before the expiry: %d, %v, next at %d", v, some, m.nextExpiry())
	}
	m.expire(10, note)
	if _, some := m.get("a"); some || m.nextExpiry() != 20 {
		t.Errorf("a has not expired, next at %d", m.nextExpiry())
	}
	m.expire(100, note)
	if !slices.Equal(lost, []string{"a", "b"}) || m.nextExpiry() != 0 || m.entries != nil {
		t.Errorf("missing %q, map %+v", lost, m)
	}
}

func TestSequenceNumbersHaveTwentyDigits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		seq  uint64
		want string
	}{{1, "18800000000000000256"}, {2, "18800000000000000512"}, {1 << 40, "18800281474976710656"}} {
		t.Run(tt.want, func(t *testing.T) {
			if got := sequenceNumber(tt.seq); got != tt.want {
				t.Errorf("number %d is %s, want %s", tt.seq, got, tt.want)
			}
		})
	}
}

func TestMessageIDsAreUUIDs(t *testing.T) {
	t.Parallel()
	id := messageID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x4c, 0xde, 0x8f, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd}
	if got, want := id.String(), "01234567-89ab-4cde-8f01-23456789abcd"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// An idle queue must leave no events on the clock: a clock that skips would skip to
// them.
func TestIdleQueueLeavesNoEventsOnTheClock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	for range 3 {
		b.send(url, "a", "b")
		must(b, b.s.SendMessage, SendMessageInput{
			QueueURL:     url,
			MessageBody:  "c",
			DelaySeconds: ref(3),
		})
		got := b.receive(url)
		b.hide(url, got[0], 100)
		b.remove(url, got[1])
		b.remove(url, got[0])
		b.advance(3 * time.Second)
		b.remove(url, b.one(url))
		if s := b.c.State(); s.Transitions != 0 {
			t.Errorf("%d transitions of an empty queue, the next at %s", s.Transitions, s.NextTransition)
		}
	}
	b.send(url, "visible")
	if s := b.c.State(); s.Transitions != 0 || s.Upkeep != 1 {
		t.Errorf("state %+v: want no transition for a visible message", s)
	}
}
