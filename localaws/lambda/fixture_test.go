package lambda

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
	"github.com/reliableq/reliableq/localaws/store"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

const role = "arn:aws:iam::000000000000:role/work"

// program is the test function, built once.
var program []byte

func TestMain(m *testing.M) {
	if path := os.Getenv("LOCALAWS_TEST_PROGRAM"); path != "" { // of the process that started this one
		var err error
		if program, err = os.ReadFile(path); err != nil {
			fmt.Fprintln(os.Stderr, "read the test function:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}

	dir, err := os.MkdirTemp("", "bootstrap")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}

	out := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-o", out, "./testdata/bootstrap")
	build.Stderr = os.Stderr
	if err = build.Run(); err == nil {
		program, err = os.ReadFile(out)
	}

	os.RemoveAll(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the test function:", err)
		os.Exit(1)
	}

	os.Exit(m.Run())
}

// bundle zips one executable under the name bootstrap.
func bundle(t testing.TB, content []byte, mode fs.FileMode) []byte {
	t.Helper()

	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Store}
	h.SetMode(mode)
	f, err := w.CreateHeader(h)
	if err != nil {
		t.Fatal(err)
	}

	f.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	return b.Bytes()
}

// testService is a service with its backends and its clock.
type testService struct {
	*Service
	clock    *clock.Clock
	call     *awsapi.Call
	backends *testBackends
}

// testBackends implements the services that Lambda uses.
type testBackends struct {
	mu      sync.Mutex
	roles   map[string]bool // not assumable
	lines   []string
	streams []string
	groups  []string
	data    []Datum
	sent    []sentMessage
	sendErr error
	logErr  error
	expires time.Duration // of sessions; 0 means 12 hours
	arrived chan sentMessage
	wrote   chan struct{} // receives a value after each write to the log
}

type sentMessage struct {
	queue, body, trace string
	attributes         map[string]Attribute
	as                 awsapi.Caller
}

func (w *testBackends) Session(_ context.Context, roleARN, functionARN string) (Session, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.roles[roleARN] {
		return Session{}, errors.New("not assumable")
	}

	return Session{
		Caller: awsapi.Caller{
			Account:      "000000000000",
			ARN:          "arn:aws:sts::000000000000:assumed-role/work/" + functionARN[strings.LastIndexByte(functionARN, ':')+1:],
			PrincipalARN: roleARN,
		},
		Credentials: sandbox.Credentials{
			AccessKeyID:     "ASIATEST",
			SecretAccessKey: "secret",
			SessionToken:    "token",
		},
		Expires: time.Now().Add(cmp.Or(w.expires, 12*time.Hour)),
	}, nil
}

func (w *testBackends) Write(_ context.Context, _ awsapi.Caller, _, group, stream string, lines []sandbox.Line) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.logErr != nil {
		return w.logErr
	}

	for _, l := range lines {
		w.lines = append(w.lines, l.Text)
		w.streams = append(w.streams, stream)
		w.groups = append(w.groups, group)
	}

	select {
	case w.wrote <- struct{}{}:
	default:
	}

	return nil
}

func (w *testBackends) Record(_, _ string, d Datum) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data = append(w.data, d)
}

func (w *testBackends) Send(_ context.Context, as awsapi.Caller, queue, body string, attributes map[string]Attribute, trace string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sendErr != nil {
		return w.sendErr
	}

	m := sentMessage{queue, body, trace, attributes, as}
	w.sent = append(w.sent, m)
	select {
	case w.arrived <- m:
	default:
	}

	return nil
}

// sum returns the sum of a metric over one set of dimensions, and the number of data
// points.
func (w *testBackends) sum(name string, dimensions map[string]string) (sum float64, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.data {
		if d.Name == name && fmt.Sprint(d.Dimensions) == fmt.Sprint(dimensions) {
			sum = sum + d.Value
			n = n + 1
		}
	}
	return sum, n
}

func (w *testBackends) log() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lines)
}

// start starts a service; change, if given, changes the options.
func start(t testing.TB, change ...func(*Options)) *testService {
	t.Helper()

	c := clock.New(clock.Manual, epoch)
	w := &testBackends{
		roles:   map[string]bool{},
		arrived: make(chan sentMessage, 100),
		wrote:   make(chan struct{}, 1),
	}

	o := Options{
		Clock:    c,
		Chance:   chance.Seeded(1),
		Store:    store.Memory(),
		WorkDir:  t.TempDir(),
		Roles:    w,
		Logs:     w,
		Metrics:  w,
		Queues:   w,
		Endpoint: func() string { return "http://localhost:4566" },
	}

	for _, f := range change {
		f(&o)
	}

	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		c.Close()
	})

	return &testService{s, c, &awsapi.Call{
		Account:   "000000000000",
		Region:    "us-east-1",
		RequestID: "11111111-2222-4333-8444-555555555555",
	}, w}
}

// ptr returns a pointer to a value.
func ptr[T any](v T) *T { return &v }

// create creates a function that runs the test program; change adjusts the request.
// Its timeout is a minute unless change sets one: on a busy computer a program may
// take seconds to start.
func (b *testService) create(t testing.TB, name string, change ...func(*CreateFunctionInput)) *FunctionConfiguration {
	t.Helper()

	cfg, err := b.tryCreate(t, name, change...)
	if err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
	return cfg
}

func (b *testService) tryCreate(t testing.TB, name string, change ...func(*CreateFunctionInput)) (*FunctionConfiguration, error) {
	t.Helper()

	in := &CreateFunctionInput{FunctionName: name, Code: &FunctionCode{ZipFile: bundle(t, program, 0o755)}}
	in.Runtime = ptr("provided.al2023")
	in.Handler = ptr("bootstrap")
	in.Role = ptr(role)
	in.Timeout = ptr(60)
	if goArch("arm64") == hostArch {
		in.Architectures = []string{"arm64"}
	}

	for _, f := range change {
		f(in)
	}

	return b.CreateFunction(context.Background(), b.call, in)
}

// tryInvoke runs a function synchronously.
func (b *testService) tryInvoke(t testing.TB, in *InvokeInput) (*InvokeOutput, error) {
	t.Helper()

	return b.Invoke(context.Background(), b.call, in)
}

// invokeTail invokes a function that must succeed. It requests the tail of the log and
// so waits until the invocation has ended. Otherwise a response waits for 25 ms at
// most, and on a busy computer the environment may still be in use.
func (b *testService) invokeTail(t testing.TB, name, event string) *InvokeOutput {
	t.Helper()

	out, err := b.tryInvoke(t, &InvokeInput{
		FunctionName: name,
		LogType:      "Tail",
		Payload:      []byte(event),
	})
	if err != nil {
		t.Fatalf("invoke %s with %s: %v", name, event, err)
	}
	return out
}

// invokeWithinTimeout invokes a function with a short timeout. It retries while the
// computer is too busy for a response in time.
func (b *testService) invokeWithinTimeout(t testing.TB, name, event string) *InvokeOutput {
	t.Helper()

	for {
		out := b.invokeUntilIdle(t, name, event)
		if !strings.Contains(string(out.Payload), `"errorType":"Sandbox.Timedout"`) {
			return out
		}
	}
}

// invokeUntilIdle invokes a function and waits until the environment is idle: a caller
// gets its response a little earlier.
func (b *testService) invokeUntilIdle(t testing.TB, name, event string) *InvokeOutput {
	t.Helper()

	out := b.invokeTail(t, name, event)
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.environments.idle) < b.environments.live {
		b.environments.changed.Wait()
	}
	return out
}

// wantError checks an error's code, status and text.
func wantError(t testing.TB, err error, code string, status int, message string) {
	t.Helper()

	var e *awsapi.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, want %s", err, code)
	}
	if e.Code != code || e.Status != status || !strings.Contains(e.Message, message) {
		t.Errorf("error %s %d %q, want %s %d %q", e.Code, e.Status, e.Message, code, status, message)
	}
}

// decode reads JSON into a map.
func decode(t testing.TB, b []byte) map[string]any {
	t.Helper()

	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return m
}

// zipOf zips files that cannot be executed.
func zipOf(t testing.TB, files map[string]string) []byte {
	t.Helper()

	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(content))
	}

	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	return b.Bytes()
}
