package store

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// crashDir makes this test binary the writer that is killed. Its value is the store's
// directory.
const crashDir = "RELIABLEQ_STORE_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeUntilKilled(dir)
		return
	}
	os.Exit(m.Run())
}

const (
	writers = 4 // goroutines, each with its own keys
	ahead   = 3 // batches that a writer applies before it waits
	window  = 5 // keys that a writer does not delete
)

// writeUntilKilled numbers its batches. Batch n of writer w puts the keys a/w/n
// and b/w/n, deletes those of batch n-window, and records n. Once it is durable, the
// writer prints it to standard output.
func writeUntilKilled(dir string) {
	s, err := Open(dir, Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("open")
	var wg sync.WaitGroup
	for w := range writers {
		next := noted(s, w) + 1
		wg.Go(func() {
			var line []Commit
			for n := next; ; n++ {
				line = append(line, number(s, w, n))
				if len(line) < ahead {
					continue
				}
				if err := line[0].Wait(); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				line = line[1:]
				os.Stdout.WriteString(fmt.Sprintf("%d %d\n", w, n-ahead+1))
			}
		})
	}
	wg.Wait()
}

func number(s *Store, w, n int) Commit {
	b := s.Batch()
	for _, table := range []Table{"a", "b"} {
		b.Put(table, fmt.Sprintf("%d/%d", w, n), make([]byte, 200+n%1000))
		b.Delete(table, fmt.Sprintf("%d/%d", w, n-window))
	}
	b.Put("noted", strconv.Itoa(w), []byte(strconv.Itoa(n)))
	return b.Apply()
}

// noted returns the number of a writer's last batch, or -1.
func noted(s *Store, w int) int {
	n := -1
	err := s.Scan("noted", strconv.Itoa(w), func(_ string, v []byte) (err error) {
		n, err = strconv.Atoi(string(v))
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return n
}

// After each of a hundred kills under load, the store contains every acknowledged
// batch completely, and nothing that was deleted.
func TestKillNinePreservesAcknowledgedBatchesAndDeletes(t *testing.T) {
	t.Parallel()
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	total := 0
	for range rounds {
		acknowledged := runAndKill(t, dir, time.Duration(rng.IntN(20_000))*time.Microsecond)
		s := open(t, dir, Options{})
		for w := range writers {
			n := noted(s, w)
			if last, some := acknowledged[w]; some && (n < last || n > last+ahead) {
				t.Errorf("writer %d: the last batch found is %d, the last acknowledged %d", w, n, last)
			}
			for _, table := range []Table{"a", "b"} {
				var want []string
				for k := max(0, n-window+1); k <= n; k++ {
					want = append(want, fmt.Sprintf("%d/%d of %d", w, k, 200+k%1000))
				}
				compareKeys(t, s, table, w, want)
			}
			total = max(total, n)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if total < rounds {
		t.Errorf("only %d batches in %d rounds: the load was too low for a useful test", total, rounds)
	}
	t.Logf("%d batches a writer in %d rounds", total, rounds)
}

func compareKeys(t *testing.T, s *Store, table Table, w int, want []string) {
	t.Helper()
	found := map[string]bool{}
	err := s.Scan(table, strconv.Itoa(w)+"/", func(k string, v []byte) error {
		found[fmt.Sprintf("%s of %d", k, len(v))] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range want {
		if !found[k] {
			t.Errorf("table %s does not contain %s", table, k)
		}
	}
	if len(found) != len(want) {
		t.Errorf("table %s contains %v, want %v", table, found, want)
	}
}

// runAndKill starts the writer, kills it some time after it has opened the store,
// and returns the last batch that each of its writers had acknowledged.
func runAndKill(t *testing.T, dir string, after time.Duration) map[int]int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "open" {
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatalf("the writer did not open the store: %q %s", lines.Text(), stderr.String())
	}
	kill := time.AfterFunc(after, func() { cmd.Process.Kill() })
	defer kill.Stop()
	last := map[int]int{}
	for lines.Scan() {
		var w, n int
		if _, err := fmt.Sscanf(lines.Text(), "%d %d", &w, &n); err != nil {
			continue // cut by the kill
		}
		last[w] = n
	}
	cmd.Wait() // killed
	if stderr.Len() > 0 {
		t.Fatalf("the writer failed: %s", stderr.String())
	}
	return last
}
