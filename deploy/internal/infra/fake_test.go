package infra

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/supervise"
)

// TestMain makes the test binary a fake of terraform and tofu if it is called by their
// names: it records its arguments and environment, and prints the output that the test
// has set.
func TestMain(m *testing.M) {
	supervise.Main()
	name := filepath.Base(os.Args[0])
	if name == "terraform" || name == "tofu" {
		os.Exit(fake(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// call is one run of the fake tool.
type call struct {
	Args []string
	Dir  string
	Env  map[string]string
}

func fake(args []string) int {
	if args[0] == "version" {
		version := os.Getenv("FAKE_VERSION")
		if body, err := os.ReadFile(os.Args[0] + ".version"); err == nil {
			version = string(body)
		}
		fmt.Printf(`{"terraform_version": %q, "provider_selections": {}}`+"\n", version)
		return 0
	}
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	env := map[string]string{}
	for _, pair := range os.Environ() {
		key, value, _ := strings.Cut(pair, "=")
		env[key] = value
	}
	line, err := json.Marshal(call{Args: args, Dir: dir, Env: env})
	if err != nil {
		panic(err)
	}
	f, err := os.OpenFile(os.Getenv("FAKE_LOG"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	f.Write(append(line, '\n'))
	f.Close()
	out := os.Getenv("FAKE_OUT")
	if shown, ok := os.LookupEnv("FAKE_SHOW"); ok && args[0] == "show" {
		out = shown
	}
	fmt.Print(out)
	fmt.Fprint(os.Stderr, os.Getenv("FAKE_ERR"))
	if os.Getenv("FAKE_WAIT") != "" && args[0] == "apply" {
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		fmt.Println(`{"type":"log","@level":"info","@message":"waiting for an interrupt"}`)
		<-interrupted
		fmt.Println(`{"type":"log","@level":"info","@message":"Interrupt received. Gracefully shutting down"}`)
		return 1
	}
	if os.Getenv("FAKE_EXIT") != "" {
		return 1
	}
	return 0
}

// bench is a deployment with a fake tool.
type bench struct {
	t       *testing.T
	dir     string
	tf      *Terraform
	printed *bytes.Buffer
}

// link makes the test binary available under a name, with a version.
func link(t *testing.T, dir, name, version string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, path); err != nil {
		t.Fatal(err)
	}
	write(t, path+".version", version)
	return path
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

const lockFile = `provider "registry.terraform.io/hashicorp/aws" {
  version     = "5.100.0"
  constraints = "~> 5.100"
}
`

// setup opens a deployment with a fake tool, after change has adjusted the options.
func setup(t *testing.T, change func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), printed: &bytes.Buffer{}}
	root := filepath.Join(b.dir, "terraform")
	write(t, filepath.Join(root, "main.tf"), "# root\n")
	write(t, filepath.Join(root, ".terraform.lock.hcl"), lockFile)
	o := Options{
		Root: root, Folder: filepath.Join(b.dir, "state"), Plugins: filepath.Join(b.dir, "plugins"),
		Progress: progress.New(b.printed, progress.Lines),
		Tool:     Tool{Path: link(t, filepath.Join(b.dir, "bin"), "terraform", "1.11.4"), Version: "1.11.4"},
		Env:      map[string]string{"FAKE_LOG": filepath.Join(b.dir, "calls"), "AWS_REGION": "us-east-1", "TF_VAR_x": "y", "TF_LOG": "TRACE"},
	}
	if change != nil {
		change(&o)
	}
	tf, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tf.Close(); err != nil {
			t.Error(err)
		}
	})
	b.tf = tf
	return b
}

// calls returns the runs of the fake tool, oldest first.
func (b *bench) calls() []call {
	b.t.Helper()
	body, err := os.ReadFile(filepath.Join(b.dir, "calls"))
	if err != nil {
		b.t.Fatal(err)
	}
	var calls []call
	for line := range bytes.Lines(body) {
		var c call
		if err := json.Unmarshal(line, &c); err != nil {
			b.t.Fatal(err)
		}
		calls = append(calls, c)
	}
	return calls
}

// events makes the fake tool print these lines.
func events(lines ...string) func(*Options) {
	return func(o *Options) { o.Env["FAKE_OUT"] = strings.Join(lines, "\n") + "\n" }
}
