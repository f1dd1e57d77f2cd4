// Command function is the program of every function that soak deploys. The
// variable DO selects what an invocation does: "work" is a well-behaved consumer,
// everything else misbehaves in one way.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// What an environment keeps from one invocation to the next.
var (
	leaked      [][]byte   // memory that is never freed
	connections []net.Conn // connections that are never closed
)

// Processes that are left behind end by themselves, so that a server that does not end
// them costs the machine hundreds of processes at most. They last longer than the end of
// a run, so that the run counts them.
const (
	lingerFor      = 2 * time.Minute
	printBehindFor = 30 * time.Second
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "linger" {
		linger()
		return
	}
	lambda.Start(handle)
}

// handle does what the variable DO selects.
func handle(ctx context.Context, event json.RawMessage) (string, error) {
	switch do := os.Getenv("DO"); do {
	case "work":
		fmt.Printf(`{"level":"INFO","msg":"processed","bytes":%d}`+"\n", len(event))
	case "print-short":
		printUntilKilled([]byte("x\n"))
	case "print-metrics":
		printMetrics()
	case "print-binary":
		printUntilKilled(garbage(64 << 10))
	case "print-endless-line":
		printUntilKilled(bytes.Repeat([]byte("x"), 64<<10))
	case "print-behind":
		return do, detach("print")
	case "detach":
		return do, detach("sleep")
	case "leak-memory":
		leak()
	case "leave-files":
		return do, leaveFiles()
	case "hold-connections":
		return do, holdConnections()
	case "crash":
		os.Exit(1)
	case "hang":
		for {
			time.Sleep(time.Hour)
		}
	default:
		return "", fmt.Errorf("unknown DO=%q", do)
	}

	return "", ctx.Err()
}

// printUntilKilled writes as fast as the other end of the pipe reads.
func printUntilKilled(piece []byte) {
	// Large writes: with short ones, this process would be the bottleneck.
	block := bytes.Repeat(piece, max(1, 64<<10/len(piece)))
	for {
		if _, err := os.Stdout.Write(block); err != nil {
			os.Exit(1)
		}
	}
}

// printMetrics writes lines in the embedded metric format, each with a metric of
// its own.
func printMetrics() {
	for i := 0; ; i++ {
		line := fmt.Sprintf(`{"_aws":{"CloudWatchMetrics":[{"Namespace":"soak","Dimensions":[["d"]],"Metrics":[{"Name":"m%d"}]}]},"d":"%s","m%d":%d}`+"\n",
			i, strings.Repeat("d", 500), i, i)
		if _, err := os.Stdout.WriteString(line); err != nil {
			os.Exit(1)
		}
	}
}

// garbage returns n random bytes.
func garbage(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// detach leaves a process behind that has a session of its own and whose parent has
// ended, as daemons do.
func detach(do string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	middle := exec.Command(self, "linger", do, "fork")
	middle.Stdout = os.Stdout
	startSession(middle)
	return middle.Run()
}

// linger runs in the process that is left behind. With the arguments "linger DO fork" it
// starts another "linger DO" and ends, so that that one has no parent.
func linger() {
	do := "sleep"
	if len(os.Args) > 2 {
		do = os.Args[2]
	}

	// Start the process that stays, and end.
	if len(os.Args) > 3 {
		self, err := os.Executable()
		if err != nil {
			os.Exit(1)
		}
		child := exec.Command(self, "linger", do)
		child.Stdout = os.Stdout
		startSession(child)
		if err := child.Start(); err != nil {
			os.Exit(1)
		}
		return
	}

	if do == "print" {
		time.AfterFunc(printBehindFor, func() { os.Exit(0) })
		printUntilKilled([]byte("behind\n"))
	}

	time.Sleep(lingerFor)
}

// leak allocates memory. After a few invocations the environment exceeds its limit.
func leak() {
	for range 64 {
		b := make([]byte, 1<<20)
		// Write to every page: memory that is only allocated is not resident.
		for i := range b {
			b[i] = byte(i)
		}
		leaked = append(leaked, b)
	}
}

// leaveFiles writes files to both directories for temporary files.
func leaveFiles() error {
	for i := range 10 {
		// The prefix lets the run count what its own functions left.
		name := "soak-" + os.Getenv("SOAK_ID") + "-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(time.Now().UnixNano()+int64(i), 36)
		for _, dir := range []string{os.TempDir(), "/tmp"} {
			if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 10<<10), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdConnections opens connections to the embedded AWS, sends part of a request on each,
// and closes none.
func holdConnections() error {
	u, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil {
		return err
	}

	for range 20 {
		c, err := net.DialTimeout("tcp", u.Host, time.Second)
		if err != nil {
			return err
		}

		// The body never comes: the server must time out.
		if _, err := c.Write([]byte("POST / HTTP/1.1\r\nHost: " + strings.ToLower(u.Host) + "\r\nContent-Length: 1000000\r\n\r\n")); err != nil {
			return err
		}
		connections = append(connections, c)
	}

	return nil
}
