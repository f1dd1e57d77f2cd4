package localaws_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// fullDisk is a disk that is full once full is set. Space that was freed before is not
// reused.
type fullDisk struct{ full atomic.Bool }

func (d *fullDisk) MaybeError(op errorfs.Op) error {
	if d.full.Load() && (op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpCreate) {
		return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
	}
	return nil
}

func (*fullDisk) String() string { return "full disk" }

// lines is a log with concurrent writers.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// In the whole server, sends are refused with a 503 that gives the reason, no
// acknowledged message is lost, and reads succeed.
func TestFullDiskRefusesSendsAndServesReads(t *testing.T) {
	t.Parallel()
	memory, disk, log := vfs.NewCrashableMem(), &fullDisk{}, &lines{}
	options := localaws.Options{
		DataDir: t.TempDir(), NoAuth: true, ClockMode: clock.Manual, Logger: slog.New(slog.NewTextHandler(log, nil)),
	}
	srv, err := localaws.New(options.OnDisk(store.Options{FS: errorfs.Wrap(memory, disk)}))
	if err != nil {
		t.Fatal(err)
	}
	c := client{srv.URL(), &http.Client{Transport: srv.Transport()}}
	if err := c.do("CreateQueue", map[string]any{"QueueName": "q"}, nil); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]bool{}
	var refusal error
	for i := 0; i < 5000 && refusal == nil; i++ {
		disk.full.Store(i >= 100)
		body := strings.Repeat(string(rune('a'+i%26)), 1+i)
		if refusal = c.do("SendMessage", map[string]any{"QueueUrl": c.queue("q"), "MessageBody": body}, nil); refusal == nil {
			acknowledged[body] = true
		}
	}
	if !errors.Is(refusal, errRefused) || !strings.Contains(refusal.Error(), "503") || len(acknowledged) < 100 {
		t.Fatalf("after %d messages: %v, want a 503", len(acknowledged), refusal)
	}
	checkWrites(t, c)
	checkHealth(t, c)
	checkReads(t, srv, c)
	if n := log.count("level=ERROR"); n != 1 {
		t.Errorf("%d errors in the log, want one:\n%s", n, log.b.String())
	}
	crashed := memory.CrashClone(vfs.CrashCloneCfg{})
	if err := srv.Shutdown(t.Context()); err == nil {
		t.Error("the shutdown of a server whose store failed did not report it")
	}
	srv, err = localaws.New(options.OnDisk(store.Options{FS: crashed}))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Shutdown(t.Context())
	found := map[string]bool{}
	for _, m := range peekAll(t, srv, "q") {
		found[m.Body] = true
	}
	for body := range acknowledged {
		if !found[body] {
			t.Errorf("a message of %d bytes is lost", len(body))
		}
	}
}

func checkWrites(t *testing.T, c client) {
	t.Helper()
	for operation, in := range map[string]map[string]any{
		"SendMessage":    {"QueueUrl": c.queue("q"), "MessageBody": "after"},
		"ReceiveMessage": {"QueueUrl": c.queue("q")},
		"CreateQueue":    {"QueueName": "other"},
	} {
		err := c.do(operation, in, nil)
		if err == nil || !strings.Contains(err.Error(), "503") || !strings.Contains(err.Error(), "no space left on the disk") {
			t.Errorf("%s on a full disk: %v, want a 503 with the reason", operation, err)
		}
	}
	form := url.Values{"Action": {"CreateRole"}, "Version": {"2010-05-08"}, "RoleName": {"r"}, "AssumeRolePolicyDocument": {"{}"}}
	response, err := c.http.PostForm(c.url, form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 503 {
		t.Errorf("CreateRole on a full disk: %s", response.Status)
	}
}

func checkHealth(t *testing.T, c client) {
	t.Helper()
	for path, want := range map[string]string{
		"/_reliableq/health": `"status": "read-only",\s+"reason": "[^"]*no space left on the disk`, "/_localstack/health": `"sqs": "error"`,
	} {
		response, err := c.http.Get(c.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !regexp.MustCompile(want).Match(body) {
			t.Errorf("%s on a full disk: %v %s, want %s", path, err, body, want)
		}
		if status := response.StatusCode; (status == 503) != (path == "/_reliableq/health") {
			t.Errorf("%s on a full disk: status %d", path, status)
		}
	}
}

func checkReads(t *testing.T, srv *localaws.Server, c client) {
	t.Helper()
	if err := c.do("GetQueueAttributes", map[string]any{"QueueUrl": c.queue("q"), "AttributeNames": []string{"All"}}, nil); err != nil {
		t.Errorf("read attributes: %v", err)
	}
	if got := len(peekAll(t, srv, "q")); got < 100 {
		t.Errorf("a peek into the queue returned %d messages", got)
	}
}

func TestReadOnlyOperationsChangeNothing(t *testing.T) {
	t.Parallel()
	for operation, want := range map[string]bool{
		"GetQueueUrl": true, "ListQueues": true, "DescribeAlarms": true, "FilterLogEvents": true, "TestMetricFilter": true, "GetCallerIdentity": true,
		"ReceiveMessage": false, "SendMessage": false, "Invoke": false, "AssumeRole": false, "CancelMessageMoveTask": false, "PutLogEvents": false,
	} {
		t.Run(operation, func(t *testing.T) {
			if got := (&awsapi.Operation{Name: operation}).ReadOnly(); got != want {
				t.Errorf("%s changes nothing: %v, want %v", operation, got, want)
			}
		})
	}
}

func TestSecondServerOnADirectoryIsRefused(t *testing.T) {
	t.Parallel()
	k := openDurable(t, t.TempDir(), clock.Real)
	_, err := localaws.New(localaws.Options{DataDir: k.dir})
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "process ") {
		t.Errorf("the second server: %v, want store.ErrLocked and the first one's process", err)
	}
	k.must(t, "ListQueues", map[string]any{}) // the first still works
}

func TestDamagedStoreIsReportedAtStart(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(tree string) error{
		"Cut": func(tree string) error {
			tables, err := filepath.Glob(filepath.Join(tree, "*.sst"))
			if err != nil || len(tables) == 0 {
				return errors.New("no table to damage")
			}
			return os.Truncate(tables[len(tables)-1], 100)
		},
		"NoManifest": func(tree string) error {
			all, err := filepath.Glob(filepath.Join(tree, "MANIFEST-*"))
			for _, name := range all {
				err = errors.Join(err, os.Remove(name))
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := openDurable(t, t.TempDir(), clock.Real)
			k.must(t, "CreateQueue", map[string]any{"QueueName": "q"})
			k.stop(t)
			if err := damage(filepath.Join(k.dir, "store", "data", "tree")); err != nil {
				t.Fatal(err)
			}
			srv, err := localaws.New(localaws.Options{DataDir: k.dir})
			if err == nil {
				srv.Shutdown(t.Context())
				t.Fatal("a server started on a damaged store")
			}
			if !strings.Contains(err.Error(), k.dir) {
				t.Errorf("the error does not name the directory: %v", err)
			}
		})
	}
}
