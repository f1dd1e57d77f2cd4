package infra

import (
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/progress"
)

// bucket is the part of S3 that Terraform's backend needs: one bucket, with
// conditional writes.
type bucket struct {
	mu       sync.Mutex
	objects  map[string][]byte
	refused  int // writes whose condition was false
	lockings int
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	body, found := b.objects[key]
	etag := fmt.Sprintf("%q", fmt.Sprintf("%x", md5.Sum(body)))
	switch {
	case key == "" && r.Method == http.MethodGet:
		b.list(w, r.URL.Query().Get("prefix"))
	case key == "":
		w.WriteHeader(http.StatusOK)
	case r.Method == http.MethodPut:
		if r.Header.Get("If-None-Match") == "*" && found {
			b.refused++
			failS3(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			failS3(w, http.StatusInternalServerError, "InternalError")
			return
		}
		if strings.HasSuffix(key, ".tflock") {
			b.lockings++
		}
		b.objects[key] = body
		w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", md5.Sum(body))))
	case r.Method == http.MethodDelete:
		delete(b.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !found:
		failS3(w, http.StatusNotFound, "NoSuchKey")
	default:
		w.Header().Set("ETag", etag)
		http.ServeContent(w, r, key, time.Time{}, bytes.NewReader(body))
	}
}

func (b *bucket) list(w http.ResponseWriter, prefix string) {
	type object struct{ Key string }
	result := struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Name     string
		KeyCount int
		Contents []object
	}{Name: "states"}
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if strings.HasPrefix(key, prefix) {
			result.Contents = append(result.Contents, object{key})
		}
	}
	result.KeyCount = len(result.Contents)
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(result) // the client gets an incomplete response
}

func failS3(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
}

// remote is a deployment with a backend, run by the tool that is on PATH. Its root
// module needs no provider.
type remote struct {
	bucket   *bucket
	settings []string
	options  Options
}

func newRemote(t *testing.T) *remote {
	t.Helper()
	if testing.Short() {
		t.Skip("runs Terraform")
	}
	path := lookPath("terraform", os.Getenv("PATH"))
	if path == "" {
		t.Skip("terraform is not on PATH")
	}
	tool, err := inspect(t.Context(), path)
	if err != nil {
		t.Skip(err)
	}
	b := &bucket{objects: map[string][]byte{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)

	dir := t.TempDir()
	root := filepath.Join(dir, "terraform")
	write(t, filepath.Join(root, "main.tf"), "variable \"x\" {\n  default = 1\n}\nresource \"terraform_data\" \"this\" {\n  input = var.x\n}\noutput \"x\" {\n  value = terraform_data.this.output\n}\n")
	write(t, filepath.Join(root, lockName), "")
	file := filepath.Join(dir, "backend.tfbackend")
	write(t, file, fmt.Sprintf(`bucket                      = "states"
region                      = "us-east-1"
endpoints                   = { s3 = %q }
use_path_style              = true
skip_credentials_validation = true
skip_requesting_account_id  = true
skip_metadata_api_check     = true
skip_region_validation      = true
skip_s3_checksum            = true
`, server.URL))
	return &remote{bucket: b, settings: []string{file, "key=reliableq.tfstate"}, options: Options{
		Root:     root,
		Tool:     tool,
		Progress: progress.New(io.Discard, progress.Lines),
		Env: map[string]string{
			"PATH":                  os.Getenv("PATH"),
			"HOME":                  dir,
			"AWS_ACCESS_KEY_ID":     "id",
			"AWS_SECRET_ACCESS_KEY": "secret",
			"AWS_REGION":            "us-east-1",
		},
	}}
}

// open opens and initializes the deployment in a folder.
func (r *remote) open(t *testing.T, folder string, backend []string, vars ...string) (*Terraform, error) {
	t.Helper()
	o := r.options
	o.Folder, o.Backend, o.Vars = folder, backend, vars
	tf, err := Open(t.Context(), o)
	if err != nil {
		return nil, err
	}
	if err := tf.Init(t.Context()); err != nil {
		tf.Close()
		return nil, err
	}
	return tf, tf.Recover(t.Context())
}

func closed(t *testing.T, tf *Terraform) {
	t.Helper()
	if err := tf.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAStateInS3IsFoundFromAnotherFolder(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	first, second := t.TempDir(), t.TempDir()
	tf, err := r.open(t, first, r.settings, "x=1")
	if err != nil {
		t.Fatal(err)
	}
	if result, err := tf.Apply(t.Context(), nil); err != nil || result.Created != 1 {
		t.Fatalf("apply: %+v, %v", result, err)
	}
	closed(t, tf)
	if r.bucket.objects["reliableq.tfstate"] == nil || r.bucket.lockings == 0 {
		t.Errorf("the bucket has %v, and was locked %d times", slices.Sorted(maps.Keys(r.bucket.objects)), r.bucket.lockings)
	}

	// The same folder still has its backend.
	tf, err = r.open(t, first, nil, "x=1")
	if err != nil {
		t.Fatal(err)
	}
	if !tf.Remote() {
		t.Error("the backend was lost")
	}
	closed(t, tf)

	// Another folder, as on another computer.
	tf, err = r.open(t, second, r.settings, "x=1")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := tf.Plan(t.Context())
	if err != nil || plan.Changed {
		t.Errorf("the plan from another folder changes something: %+v, %v", plan, err)
	}
	if out, err := Outputs(second); err != nil || string(out["x"]) != `"1"` {
		t.Errorf("outputs %v, %v", out, err)
	}
	closed(t, tf)

	// The lock of another run is respected.
	r.bucket.mu.Lock()
	r.bucket.objects["reliableq.tfstate.tflock"] = []byte(`{"ID":"7","Operation":"OperationTypeApply","Who":"a@b"}`)
	r.bucket.mu.Unlock()
	tf, err = r.open(t, second, nil, "x=2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tf.Apply(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "state lock") || !strings.Contains(hint.Of(err), "force-unlock") {
		t.Errorf("apply while another run holds the lock: %v, hint %q", err, hint.Of(err))
	}
	closed(t, tf)
}

func TestAStateMovesIntoTheBackendThatIsNamedLater(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	folder := t.TempDir()
	tf, err := r.open(t, folder, nil, "x=1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tf.Apply(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	closed(t, tf)

	tf, err = r.open(t, folder, r.settings, "x=1")
	if err != nil {
		t.Fatal(err)
	}
	if plan, err := tf.Plan(t.Context()); err != nil || plan.Changed {
		t.Errorf("the plan after the move: %+v, %v", plan, err)
	}
	closed(t, tf)
	if !bytes.Contains(r.bucket.objects["reliableq.tfstate"], []byte("terraform_data")) {
		t.Error("the bucket does not have the state")
	}

	if _, err := r.open(t, folder, []string{"bucket=other", "key=k"}); err == nil || !strings.Contains(err.Error(), "is in another backend") {
		t.Errorf("another backend: %v", err)
	}
}
