//go:build unix

package localaws_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/reliableq/reliableq/localaws"
)

// fewDescriptorsEnv makes a test binary serve in a process with few descriptors. Its
// value is the data directory.
const fewDescriptorsEnv = "RELIABLEQ_SERVER_WITH_FEW_DESCRIPTORS"

// fewDescriptors is how many that process may have.
const fewDescriptors = 192

// Clients that open as many connections as they can leave the store the descriptors
// that it needs: requests over open connections succeed, and waiting clients are
// served after others have disconnected.
func TestManyConnectionsLeaveDescriptorsForTheStore(t *testing.T) {
	t.Parallel()
	server := exec.Command(os.Args[0], "-test.run=^TestServerWithFewDescriptors$", "-test.v")
	server.Env = append(os.Environ(), fewDescriptorsEnv+"="+t.TempDir())
	in, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		in.Close() // it stops then
		if err := server.Wait(); err != nil {
			t.Errorf("the server: %v", err)
		}
	}()
	address := ""
	lines := bufio.NewScanner(out)
	for address == "" && lines.Scan() {
		_, address, _ = strings.Cut(lines.Text(), "serving ")
	}
	rest := make(chan string)
	go func() {
		text, _ := io.ReadAll(out)
		rest <- string(text)
	}()
	defer func() {
		if t.Failed() {
			in.Close()
			t.Log(<-rest)
		} else {
			go func() { <-rest }()
		}
	}()
	if address == "" {
		t.Fatal("the server does not serve")
	}

	// One client has a connection; others take all that there are.
	c := client{"http://" + address, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1, MaxConnsPerHost: 1}}}
	if err := c.do("CreateQueue", map[string]any{"QueueName": "q"}, nil); err != nil {
		t.Fatal(err)
	}
	var greedy []net.Conn
	for range 2 * fewDescriptors {
		other, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		greedy = append(greedy, other)
		io.WriteString(other, "POST / HTTP/1.1\r\nHost: localhost\r\n") // unfinished
	}
	t.Logf("%d connections are open", len(greedy))

	body := strings.Repeat("x", 1<<20-100)
	for i := range 24 { // several log files of the store
		in := map[string]any{"QueueUrl": c.queue("q"), "MessageBody": fmt.Sprint(i, body)}
		if err := c.do("SendMessage", in, nil); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}

	for _, other := range greedy {
		other.Close()
	}
	late := client{c.url, &http.Client{Transport: &http.Transport{}}}
	if err := late.do("SendMessage", map[string]any{"QueueUrl": c.queue("q"), "MessageBody": "late"}, nil); err != nil {
		t.Errorf("a client that connects later: %v", err)
	}
	response, err := late.http.Get(c.url + "/_reliableq/health")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body)
		t.Errorf("health: %s %s", response.Status, text)
	}
}

// TestServerWithFewDescriptors is the child of the test above.
func TestServerWithFewDescriptors(t *testing.T) {
	dir := os.Getenv(fewDescriptorsEnv)
	if dir == "" {
		t.Skip("run by TestManyConnectionsLeaveDescriptorsForTheStore")
	}
	few := syscall.Rlimit{Cur: fewDescriptors, Max: fewDescriptors}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	srv, err := localaws.New(localaws.Options{Addr: "127.0.0.1:0", DataDir: dir, NoAuth: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("serving %s\n", srv.Addr())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // connections that are left are cut
	if err := srv.Shutdown(ctx); err != nil && ctx.Err() == nil {
		t.Error(err)
	}
}
