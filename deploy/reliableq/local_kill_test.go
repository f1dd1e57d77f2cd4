//go:build unix

package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// backgroundAWS is the command in a temporary folder, with an embedded AWS in the
// background.
type backgroundAWS struct {
	t    *testing.T
	dir  string
	exe  string
	info daemon.Info
}

func startBackground(t *testing.T, args ...string) *backgroundAWS {
	t.Helper()
	b := &backgroundAWS{t: t, dir: t.TempDir()}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b.exe = filepath.Join(b.dir, "reliableq")
	body, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	// A copy and not a link, because the program starts itself by its name. No child
	// is forked meanwhile: it would have the file open for writing when it is run.
	syscall.ForkLock.RLock()
	err = os.WriteFile(b.exe, body, 0o700)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	b.run(append([]string{"local", "start", "--listen", "127.0.0.1:0", "--no-auth"}, args...)...)
	t.Cleanup(func() { b.run("local", "stop") })
	if b.info, err = b.folder().Running(); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *backgroundAWS) folder() daemon.Folder { return daemon.In(filepath.Join(b.dir, ".reliableq")) }

// run runs the command and returns its output.
func (b *backgroundAWS) run(args ...string) string {
	b.t.Helper()
	cmd := exec.Command(b.exe, args...)
	cmd.Dir = b.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("reliableq %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// config returns a configuration without retries.
func (b *backgroundAWS) config() aws.Config {
	return aws.Config{
		Region:           b.info.Region,
		BaseEndpoint:     &b.info.URL,
		RetryMaxAttempts: 1,
		Credentials:      credentials.NewStaticCredentialsProvider(b.info.AccessKeyID, b.info.SecretAccessKey, ""),
		HTTPClient:       sqsclient.ReadFullResponses(awshttp.NewBuildableClient()),
	}
}

// program returns the zip of a function for tests, which returns its process id.
func program(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-o", path, "github.com/reliableq/reliableq/localaws/lambda/testdata/bootstrap")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the function: %v\n%s", err, out)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "bootstrap"}
	h.SetMode(0o755)
	f, err := w.CreateHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// invoke invokes the function and returns its response, or "" if the call failed.
func invoke(t *testing.T, client *lambda.Client, event string) string {
	out, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(event)})
	if err != nil {
		return ""
	}
	return string(out.Payload)
}

// untilStopped calls look until stop is closed, and returns the first error.
func untilStopped(check func() error, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		if err := check(); err != nil {
			return err
		}
	}
}

// A server that an injected kill ends restarts as the same process at the same
// address, and is always recorded as running. The call that killed it gets no
// response, and programs of functions have ended. What was acknowledged still exists,
// and so do the other fault rules.
func TestAKilledServerRestarts(t *testing.T) {
	t.Parallel()
	b := startBackground(t)
	queues, functions := sqs.NewFromConfig(b.config()), lambda.NewFromConfig(b.config())
	queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	architecture := types.ArchitectureX8664
	if runtime.GOARCH == "arm64" {
		architecture = types.ArchitectureArm64
	}
	if _, err := functions.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::000000000000:role/any"), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Architectures: []types.Architecture{architecture}, Code: &types.FunctionCode{ZipFile: program(t)}, Timeout: aws.Int32(60),
	}); err != nil {
		t.Fatal(err)
	}
	child := invoke(t, functions, `{"Do":"process"}`)
	children := descendants(b.info.PID)
	if runtime.GOOS == "linux" && len(children) == 0 {
		t.Fatalf("no process of the server is the function's, %s", child)
	}
	stop := make(chan struct{})
	var seen error
	var wg sync.WaitGroup
	wg.Go(func() {
		seen = untilStopped(func() error { _, err := b.folder().Running(); return err }, stop)
	})
	wg.Go(func() {
		if response := invoke(t, functions, `{"Do":"hang"}`); response != "" {
			t.Errorf("the invocation in progress returned %s", response)
		}
	})
	b.run("fault", "add", "kill", "--service", "sqs", "--operation", "SendMessage", "--when", "after", "--count", "2")
	for _, body := range []string{"one", "two"} {
		if _, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: &body}); err == nil {
			t.Errorf("the call at which the server was killed got a response")
		}
		b.serves(t)
	}
	if _, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("three")}); err != nil {
		t.Errorf("after all injections: %v", err)
	}
	close(stop)
	wg.Wait()
	if seen != nil {
		t.Errorf("the server was recorded as not running: %v", seen)
	}
	for _, pid := range children {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("the function's process %d is still running", pid)
		}
	}
	if now := invoke(t, functions, `{"Do":"process"}`); now == "" || now == child {
		t.Errorf("the function runs as %s, and ran as %s before", now, child)
	}
	var status localStatus
	if err := json.Unmarshal([]byte(b.run("local", "status", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	if status.PID != b.info.PID || status.URL != b.info.URL || !status.Healthy {
		t.Errorf("status %+v, was %+v", status, b.info)
	}
	if got := b.run("fault", "list"); !strings.Contains(got, "injected 2 of 2, after it takes effect") {
		t.Errorf("faults: %s", got)
	}
	if got := b.run("clock", "settle"); !strings.Contains(got, "q: visible 3,") {
		t.Errorf("queues: %s", got)
	}
}

// serves waits until the server responds again.
func (b *backgroundAWS) serves(t *testing.T) {
	t.Helper()
	client := controlOf(b.info)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if _, err := client.Health(t.Context()); err == nil {
			return
		}
	}
	log, _ := os.ReadFile(b.folder().Log())
	t.Fatalf("the server does not respond:\n%s", log)
}

// The arguments of a server are the same after any number of restarts.
func TestArgumentsDoNotGrowWithEachRestart(t *testing.T) {
	t.Parallel()
	first := []string{"local", "run", "--listen", "127.0.0.1:0"}
	second := listeningOn(first, "127.0.0.1:4567")
	if want := append(slices.Clone(first), "--listen", "127.0.0.1:4567"); !slices.Equal(second, want) {
		t.Errorf("%q", second)
	}
	if third := listeningOn(second, "127.0.0.1:4567"); !slices.Equal(third, second) {
		t.Errorf("%q", third)
	}
}

// A server without a data directory cannot restart, and refuses the fault.
func TestAServerInMemoryRefusesKillFaults(t *testing.T) {
	t.Parallel()
	b := startBackground(t, "--in-memory")
	cmd := exec.Command(b.exe, "fault", "add", "kill")
	cmd.Dir = b.dir
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "give it a data directory (--data-dir DIR)") {
		t.Errorf("%v: %s", err, out)
	}
}
