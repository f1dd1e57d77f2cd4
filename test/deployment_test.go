package test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/terraform"
)

// targetVariable selects the target of the tests: "embedded" (the default), or "aws"
// with the usual credentials.
const targetVariable = "RELIABLEQ_TEST_TARGET"

// toolVariable chooses the tool: terraform (the default), tofu, or a path.
const toolVariable = "RELIABLEQ_TOOL"

// testTarget is the AWS that the tests of one run use, with what they deploy to it.
type testTarget struct {
	dir         string
	embedded    *embedded // nil on AWS
	cfg         aws.Config
	holding     sync.Mutex // only one test holds the clock
	mu          sync.Mutex
	deployments map[string]*deployment
}

// deployment is one deployment of the root module. Tests that do not change it share it.
type deployment struct {
	once    sync.Once
	err     error
	options *terraform.Options
	cfg     aws.Config

	queues, functions, logGroups map[string]string
	queueARNs                    map[string]string
}

// shared is the target of this test run; TestMain sets it.
var shared *testTarget

func TestMain(m *testing.M) {
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "end-to-end tests:", err)
		code = 1
	}
	os.Exit(code)
}

// runAll connects to the target, runs the tests, and removes everything that they
// deployed.
func runAll(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "reliableq-test-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)

	shared = &testTarget{dir: dir, deployments: map[string]*deployment{}}
	if err := shared.open(); err != nil {
		return 1, err
	}

	code = m.Run()
	if err := shared.destroyAll(); err != nil {
		return 1, err
	}
	if shared.embedded != nil {
		if err := shared.embedded.stop(); err != nil {
			return 1, fmt.Errorf("stop the embedded AWS: %w", err)
		}
	}
	return code, nil
}

func (l *testTarget) open() error {
	ctx := context.Background()
	switch target := os.Getenv(targetVariable); target {
	case "aws":
		cfg, err := config.LoadDefaultConfig(ctx)
		cfg.HTTPClient = fullResponses{cfg.HTTPClient}
		l.cfg = cfg
		return err
	case "", "embedded":
		var err error
		if l.embedded, err = startEmbedded(filepath.Join(l.dir, "state")); err != nil {
			return err
		}
		env := l.embedded.env
		l.cfg = aws.Config{
			Region:       env["AWS_REGION"],
			BaseEndpoint: aws.String(env["AWS_ENDPOINT_URL"]),
			Credentials:  credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], ""),
			HTTPClient:   newHTTPClient(),
		}
		return nil
	default:
		return fmt.Errorf("%s=%s: want embedded or aws", targetVariable, target)
	}
}

// onAWS reports whether the tests run against the real AWS.
func (l *testTarget) onAWS() bool { return l.embedded == nil }

// hold stops service time until release is called. Only one test can hold it. On AWS
// hold has no effect: time there does not skip.
func (l *testTarget) hold(t *testing.T) (release func()) {
	t.Helper()
	if l.onAWS() {
		return func() {}
	}
	l.holding.Lock()
	if err := l.embedded.clock("hold"); err != nil {
		l.holding.Unlock()
		t.Fatal(err)
	}
	return func() {
		defer l.holding.Unlock()
		if err := l.embedded.clock("release"); err != nil {
			t.Error(err)
		}
	}
}

// options returns the options with which Terratest runs Terraform for a deployment of
// that name.
func (l *testTarget) options(name string, vars map[string]any) (*terraform.Options, error) {
	dir := filepath.Join(l.dir, name)
	if err := copyTree(dir, "../terraform"); err != nil {
		return nil, err
	}
	// The modules' own tests are for Terraform: OpenTofu cannot parse all of them.
	if err := os.RemoveAll(filepath.Join(dir, "tests")); err != nil {
		return nil, err
	}

	dist, err := filepath.Abs("../dist")
	if err != nil {
		return nil, err
	}

	all := map[string]any{
		"name_prefix":  name + "_",
		"dist_dir":     dist,
		"architecture": architecture(),
	}
	maps.Copy(all, vars)

	o := &terraform.Options{
		TerraformDir: dir,
		Vars:         all,
		NoColor:      true,
		Parallelism:  30,
		Logger:       logger.Discard,
		ExtraArgs:    terraform.ExtraArgs{Init: []string{"-lockfile=readonly"}},

		TerraformBinary: tool(),
	}

	if isOpenTofu() {
		o.ExtraArgs.Init = nil // OpenTofu adds the hashes of its own registry to the lock file
	}
	if !l.onAWS() {
		o.EnvVars = l.embedded.env
	}
	return o, nil
}

// tool returns the program that the tests run: Terraform or OpenTofu.
func tool() string { return cmp.Or(os.Getenv(toolVariable), "terraform") }

// isOpenTofu reports whether the tests run OpenTofu.
func isOpenTofu() bool { return strings.Contains(filepath.Base(tool()), "tofu") }

// architecture returns the computer's architecture, because the embedded AWS runs
// functions on it.
func architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}

// deployed deploys the system under a separate name, or returns it if an earlier test
// has deployed it.
func deployed(t *testing.T, name string, vars map[string]any) *deployment {
	t.Helper()
	l := shared
	l.mu.Lock()
	d := l.deployments[name]
	if d == nil {
		d = &deployment{cfg: l.cfg}
		l.deployments[name] = d
	}
	l.mu.Unlock()

	d.once.Do(func() { d.err = d.apply(t, l, name, vars) })
	if d.err != nil {
		t.Fatalf("deploy %s: %v", name, d.err)
	}
	return d
}

func (d *deployment) apply(t *testing.T, l *testTarget, name string, vars map[string]any) (err error) {
	if d.options, err = l.options(name, vars); err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if _, err := terraform.InitAndApplyContextE(t, ctx, d.options); err != nil {
		return err
	}
	return d.readOutputs(t, ctx)
}

// readOutputs reads the names and addresses of the deployed resources.
func (d *deployment) readOutputs(t *testing.T, ctx context.Context) (err error) {
	for output, into := range map[string]*map[string]string{
		"queue_urls":      &d.queues,
		"queue_arns":      &d.queueARNs,
		"function_names":  &d.functions,
		"log_group_names": &d.logGroups,
	} {
		if *into, err = terraform.OutputMapContextE(t, ctx, d.options, output); err != nil {
			return fmt.Errorf("output %s: %w", output, err)
		}
	}
	return nil
}

// destroyAll destroys the remaining deployments concurrently: each spends most of its
// half minute waiting.
func (l *testTarget) destroyAll() error {
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed []string
	)
	for name, d := range l.deployments {
		if d.options == nil {
			continue
		}

		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
			defer cancel()
			if _, err := terraform.DestroyContextE(quiet{}, ctx, d.options); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, fmt.Sprintf("%s: %v", name, err))
			}
		})
	}
	wg.Wait()

	if len(failed) > 0 {
		return fmt.Errorf("destroy %s", strings.Join(failed, "; "))
	}
	return nil
}

// quiet is a testing.T for code that runs after the tests: it only reports errors.
type quiet struct{}

func (quiet) Helper()                      {}
func (quiet) Fail()                        {}
func (quiet) FailNow()                     { panic("failed after the tests") }
func (quiet) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (quiet) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }
func (quiet) Error(args ...any)            { fmt.Fprintln(os.Stderr, args...) }
func (quiet) Errorf(f string, args ...any) { fmt.Fprintf(os.Stderr, f+"\n", args...) }
func (quiet) Name() string                 { return "after the tests" }
