package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// keys returns the keys of a table, joined.
func keys(t rapid.TB, s *Store, table Table) string {
	t.Helper()
	var all []string
	if err := s.Scan(table, "", func(k string, _ []byte) error {
		all = append(all, strings.Clone(k))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

// When the disk of an abandoned store is opened again, it has everything that was
// applied before, acknowledged or not, and nothing that was applied later; also after
// several crashes.
func TestACrashPreservesAppliedBatchesAndNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		disk := NewCrashable()
		var want []string
		number := 0
		put := func(s *Store) Commit {
			number++
			b := s.Batch()
			b.Put("t", fmt.Sprintf("%04d", number), []byte("v"))
			return b.Apply()
		}
		for range rapid.IntRange(1, 4).Draw(rt, "lives") {
			s, err := Open("data", Options{Crashable: disk})
			if err != nil {
				rt.Fatal(err)
			}
			if got := keys(rt, s, "t"); got != strings.Join(want, " ") {
				rt.Fatalf("found %s, want %s", got, want)
			}
			for range rapid.IntRange(0, 5).Draw(rt, "batches") {
				c := put(s)
				want = append(want, fmt.Sprintf("%04d", number))
				if rapid.Bool().Draw(rt, "waits") {
					if err := c.Wait(); err != nil {
						rt.Fatal(err)
					}
				}
			}
			if rapid.Bool().Draw(rt, "at a batch") {
				disk.Next = func() {
					if err := s.Abandon(); err != nil {
						rt.Fatal(err)
					}
				}
				if err := put(s).Wait(); !errors.Is(err, ErrAbandoned) {
					rt.Fatalf("the batch at which the store ended: %v", err)
				}
				disk.Next = nil
			}
			if err := s.Abandon(); err != nil {
				rt.Fatal(err)
			}
			if err := put(s).Wait(); !errors.Is(err, ErrAbandoned) {
				rt.Fatalf("an abandoned store accepted a batch: %v", err)
			}
			if err := s.Close(); err != nil {
				rt.Fatal(err)
			}
		}
	})
}

// An abandoned store on a real disk contains what was acknowledged, and can be opened again
// immediately.
func TestAnAbandonedDirectoryCanBeOpenedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, Options{})
	b := s.Batch()
	b.Put("t", "durable", nil)
	if err := b.Apply().Wait(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Abandon(), s.Close()); err != nil {
		t.Fatal(err)
	}
	b = s.Batch()
	b.Put("t", "late", nil)
	if err := b.Apply().Wait(); err == nil {
		t.Error("an abandoned store accepted a batch")
	}
	again := open(t, dir, Options{})
	if got := keys(t, again, "t"); got != "durable" {
		t.Errorf("found %q", got)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkCrash opens a store on a disk in memory, makes a hundred batches durable,
// abandons it and closes it.
func BenchmarkCrash(b *testing.B) {
	disk := NewCrashable()
	for b.Loop() {
		s, err := Open("data", Options{Crashable: disk})
		if err != nil {
			b.Fatal(err)
		}
		for i := range 100 {
			batch := s.Batch()
			batch.Put("t", fmt.Sprint(i), make([]byte, 500))
			if err := batch.Apply().Wait(); err != nil {
				b.Fatal(err)
			}
		}
		if err := errors.Join(s.Abandon(), s.Close()); err != nil {
			b.Fatal(err)
		}
	}
}
