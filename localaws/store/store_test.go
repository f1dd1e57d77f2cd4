package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"
)

func open(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// all reads a table's keys that begin with prefix, as k=v in order.
func all(t testing.TB, s *Store, table Table, prefix string) []string {
	t.Helper()
	got := []string{}
	err := s.Scan(table, prefix, func(k string, v []byte) error {
		got = append(got, k+"="+string(v))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func commit(t testing.TB, b *Batch) {
	t.Helper()
	if err := b.Apply().Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestDurableBatchesAreReadAfterReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, Options{})
	b := s.Batch()
	b.Put("a", "k2", []byte("2"))
	b.Put("a", "k1", []byte("1"))
	b.Put("ab", "k1", []byte("other"))
	commit(t, b)
	b = s.Batch()
	b.Delete("a", "k2")
	b.Put("a", "k3", nil)
	commit(t, b)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, Options{})
	defer s.Close()

	for table, want := range map[Table][]string{
		"a":    {"k1=1", "k3="},
		"ab":   {"k1=other"},
		"none": nil,
	} {
		t.Run(string(table), func(t *testing.T) {
			if got := all(t, s, table, ""); !slices.Equal(got, want) {
				t.Errorf("keys %q, want %q", got, want)
			}
		})
	}
}

func TestScanReadsAPrefixInOrderAndStopsAtAnError(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	b := s.Batch()
	for _, k := range []string{"", "p", "p\xff", "p\xff\xff", "p\x00", "q", "\xff"} {
		b.Put("a", k, nil)
	}
	commit(t, b)

	for prefix, want := range map[string][]string{
		"p":     {"p=", "p\x00=", "p\xff=", "p\xff\xff="},
		"p\xff": {"p\xff=", "p\xff\xff="},
		"\xff":  {"\xff="},
		"":      {"=", "p=", "p\x00=", "p\xff=", "p\xff\xff=", "q=", "\xff="},
		"none":  nil,
	} {
		t.Run(fmt.Sprintf("%q", prefix), func(t *testing.T) {
			if got := all(t, s, "a", prefix); !slices.Equal(got, want) {
				t.Errorf("keys %q, want %q", got, want)
			}
		})
	}

	t.Run("error", func(t *testing.T) {
		stop := errors.New("stop")
		n := 0
		err := s.Scan("a", "", func(string, []byte) error { n++; return stop })
		if !errors.Is(err, stop) || n != 1 {
			t.Errorf("Scan returned %v after %d keys, want the error of f after 1", err, n)
		}
	})
}

func TestMemoryDropsEverything(t *testing.T) {
	t.Parallel()
	s := Memory()
	b := s.Batch()
	b.Put("a", "k", []byte("v"))
	b.Delete("a", "k")
	b.DeletePrefix("a", "")
	commit(t, b)
	if s.Durable() || s.Err() != nil || len(all(t, s, "a", "")) != 0 || s.Close() != nil {
		t.Error("a store in memory is durable, has failed, is not empty or does not close")
	}
}

func TestEmptyBatchAndZeroCommitAreDurableImmediately(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	commit(t, s.Batch())
	if err := (Commit{}).Wait(); err != nil {
		t.Error(err)
	}
}

func TestManyCallersCanWaitForOneCommit(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Options{})
	defer s.Close()
	for range 50 {
		b := s.Batch()
		b.Put("a", "k", []byte("v"))
		c := b.Apply()
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() { errs <- c.Wait() }()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), Options{})
	b := s.Batch()
	b.Put("a", "k", nil)
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := b.Apply().Wait(); !errors.Is(err, ErrClosed) {
		t.Errorf("a batch after Close: %v, want ErrClosed", err)
	}
	if err := s.Scan("a", "", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("a scan after Close: %v, want ErrClosed", err)
	}
}

// After any sequence of batches the store has the content of a map with the same changes,
// also after it was reopened. After a loss of power that preserves any part of what was
// not synced, it has the content after some of the batches: the first ones in sequence,
// including all that were waited for.
func TestStoreIsAMapThatSurvivesLossOfPower(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		fs := vfs.NewCrashableMem()
		s := open(t, "store", Options{FS: fs, ballast: 1})
		states, safe := []map[string]string{{}}, 0 // by number of batches; those up to safe were waited for
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			now := maps.Clone(states[len(states)-1])
			switch rapid.SampledFrom([]string{"write", "write", "write", "write", "reopen", "crash"}).Draw(rt, "step") {
			case "write":
				c := mutate(rt, s, now)
				states = append(states, now)
				if rapid.Bool().Draw(rt, "waits") {
					if err := c.Wait(); err != nil {
						rt.Fatal(err)
					}
					safe = len(states) - 1
				}
			case "reopen":
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				s = open(t, "store", Options{FS: fs, ballast: 1})
				safe = len(states) - 1
			case "crash":
				percent := rapid.SampledFrom([]int{0, 50, 100}).Draw(rt, "kept")
				crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: newRNG(rapid.Uint64().Draw(rt, "seed"))})
				s.Close()
				fs = crashed
				s = open(t, "store", Options{FS: fs, ballast: 1})
				got := contents(t, s)
				at := slices.IndexFunc(states[safe:], func(m map[string]string) bool { return maps.Equal(m, got) })
				if at < 0 {
					rt.Fatalf("after a crash %v, none of the states from %d on: %v", got, safe, states[safe:])
				}
				states, safe = []map[string]string{got}, 0
			}
			if got := contents(t, s); !maps.Equal(got, states[len(states)-1]) {
				rt.Fatalf("holds %v, want %v", got, states[len(states)-1])
			}
		}
		if err := s.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

// mutate applies a random batch to the store and to m.
func mutate(rt *rapid.T, s *Store, m map[string]string) Commit {
	b := s.Batch()
	for range rapid.IntRange(1, 6).Draw(rt, "effects") {
		table := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "table")
		key := rapid.StringMatching(`[xy\x{ff}]{0,2}`).Draw(rt, "key")
		switch rapid.SampledFrom([]string{"put", "put", "delete", "prefix"}).Draw(rt, "effect") {
		case "put":
			v := rapid.StringN(0, 5, -1).Draw(rt, "value")
			b.Put(Table(table), key, []byte(v))
			m[table+"/"+key] = v
		case "delete":
			b.Delete(Table(table), key)
			delete(m, table+"/"+key)
		case "prefix":
			b.DeletePrefix(Table(table), key)
			maps.DeleteFunc(m, func(k, _ string) bool { return strings.HasPrefix(k, table+"/"+key) })
		}
	}
	return b.Apply()
}

// contents returns all keys and values of tables a and b.
func contents(t testing.TB, s *Store) map[string]string {
	t.Helper()
	m := map[string]string{}
	for _, table := range []Table{"a", "b"} {
		err := s.Scan(table, "", func(k string, v []byte) error {
			m[string(table)+"/"+k] = string(v)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestDeletesFreeSpace(t *testing.T) {
	t.Parallel()
	fs := vfs.NewMem()
	s := open(t, "store", Options{FS: fs, ballast: 1})
	value := make([]byte, 1000)
	for round := range 4 {
		for _, put := range []bool{true, false} {
			var c Commit
			for i := range 200 {
				b := s.Batch()
				for j := range 100 {
					if key := fmt.Sprintf("%d/%d/%d", round, i, j); put {
						b.Put("a", key, value)
					} else {
						b.Delete("a", key)
					}
				}
				c = b.Apply()
			}
			if err := c.Wait(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, "store", Options{FS: fs, ballast: 1}) // a start finishes the removal of compacted files
	defer s.Close()
	if n := size(t, fs, "store/data"); n > 40<<20 {
		t.Errorf("80 MB were put and deleted, and %d MB are left", n>>20)
	}
}

// size returns the size in bytes of all files below dir.
func size(t testing.TB, fs vfs.FS, dir string) (n int64) {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := fs.Stat(fs.PathJoin(dir, name))
		switch {
		case err != nil: // removed meanwhile
		case info.IsDir():
			n += size(t, fs, fs.PathJoin(dir, name))
		default:
			n += info.Size()
		}
	}
	return n
}

func ExampleStore() {
	s := Memory() // or Open(dir, Options{})
	b := s.Batch()
	b.Put("sqs/queue", "orders", []byte(`{"VisibilityTimeout":30}`))
	c := b.Apply() // under the lock that guards the queue
	fmt.Println(c.Wait())
	// Output: <nil>
}
