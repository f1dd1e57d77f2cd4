package localaws_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
)

// The server that is killed: this test binary, started again with crashDir set.
const crashDir = "RELIABLEQ_SERVER_CRASH_DIR"

// crashCount is the environment variable with the number of kills.
const crashCount = "RELIABLEQ_SERVER_CRASHES"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := serveUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serveUntilKilled(dir string) error {
	srv, err := localaws.New(localaws.Options{Addr: "127.0.0.1:0", DataDir: dir, NoAuth: true})
	if err != nil {
		return err
	}
	if err := srv.Start(context.Background()); err != nil {
		return err
	}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0) // the test has ended without a kill
	}()
	fmt.Println(srv.URL())
	return srv.Wait()
}

// kills returns how often the server is killed: 100 times, fewer where that would take
// long, more if the environment says so.
func kills(t *testing.T) int {
	t.Helper()
	if v := os.Getenv(crashCount); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			t.Fatalf("%s=%q is not a number above 0", crashCount, v)
		}
		return n
	}
	if testing.Short() || raceDetector {
		return 10
	}
	return 100
}

// A server that is killed a hundred times, under load over HTTP and while it starts,
// still has every acknowledged message that was not deleted, once and unchanged. It
// has no message whose deletion it acknowledged or that was never sent. Functions,
// mappings, roles, alarms and attributes of queues have the last acknowledged values.
func TestServerKilledAHundredTimesLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(3, 4))
	record := newMessageRecord()
	config := setUp(t, dir)
	n := kills(t)
	served := 0
	for round := range n {
		if runAndKill(t, dir, rng, record, config) {
			served++
		}
		// After every second kill, check what is in the data directory before the next
		// start.
		if round%2 == 1 || round == n-1 {
			record.check(t, dir)
			config.check(t, dir)
		}
		if t.Failed() {
			t.Fatalf("kill %d of %d", round+1, n)
		}
	}
	record.drain(t, dir)
	t.Logf("%d kills, %d of them of a server that had begun to serve; %s", n, served, record)
	if served < n/2 || record.acknowledged < 10*n || record.removed < n {
		t.Errorf("the load was too small to show anything")
	}
}

// runAndKill starts the server, sends load to it, and kills it at a random moment,
// often while it starts. It reports whether the server had begun to serve.
func runAndKill(t *testing.T, dir string, rng *rand.Rand, record *messageRecord, config *configuration) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { cmd.Process.Kill() }
	if rng.IntN(5) == 0 {
		early := time.AfterFunc(time.Duration(rng.IntN(60_000))*time.Microsecond, kill)
		defer early.Stop()
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		round := time.Duration(5_000+rng.IntN(150_000)) * time.Microsecond
		if raceDetector {
			round *= 4
		}
		late := time.AfterFunc(round, kill)
		defer late.Stop()
		loadUntilKilled(strings.TrimSpace(url), record, config, rng.Uint64())
	}
	cmd.Wait() // killed
	if stderr.Len() > 0 {
		t.Errorf("the server failed: %s", stderr.String())
	}
	return err == nil
}

// loadUntilKilled sends load from several clients until the server does not respond.
func loadUntilKilled(url string, record *messageRecord, config *configuration, seed uint64) {
	transport := &http.Transport{MaxIdleConnsPerHost: 10}
	defer transport.CloseIdleConnections()
	var wg sync.WaitGroup
	for i := range 3 {
		c := client{url: url, http: &http.Client{Transport: transport}}
		wg.Go(func() { record.load(c, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	wg.Go(func() { config.load(url, transport) })
	wg.Wait()
}

// reopen opens a server in this process on the data that a killed server left.
func reopen(t *testing.T, dir string, mode clock.Mode) (*localaws.Server, func()) {
	t.Helper()
	srv, err := localaws.New(localaws.Options{DataDir: dir, NoAuth: true, ClockMode: mode})
	if err != nil {
		t.Fatalf("open after a kill: %v", err)
	}
	return srv, func() {
		t.Helper()
		if err := srv.Shutdown(t.Context()); err != nil {
			t.Errorf("shut down: %v", err)
		}
	}
}

// errRefused means that the response has an error status.
var errRefused = errors.New("refused")
