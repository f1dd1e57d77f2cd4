package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/infra"
)

// listener replaces an endpoint: it records which service is called, responds to
// GetCallerIdentity, and refuses everything else.
type listener struct {
	URL string

	mu     sync.Mutex
	called map[string]bool // by the service in the signature
}

var scope = regexp.MustCompile(`Credential=[^/]*/\d+/[^/]*/([^/]*)/`)

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{called: map[string]bool{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		service := r.Method + " " + r.RequestURI
		if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
			service = m[1]
		}
		l.mu.Lock()
		l.called[service] = true
		l.mu.Unlock()
		if service != "sts" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
			`<Arn>arn:aws:iam::111122223333:user/x</Arn><UserId>X</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	t.Cleanup(server.Close)
	l.URL = server.URL
	return l
}

// services returns the called services, sorted.
func (l *listener) services() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.called))
}

// terraformWork creates a folder for Terraform with a configuration, and returns it
// with the environment for such a run. It skips the test if Terraform, or a copy of
// the provider, is missing.
func terraformWork(t *testing.T, main string) (dir string, env []string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts Terraform")
	}
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is missing")
	}
	mirror, err := infra.FindMirror(infra.MirrorSearch{Root: "../../../terraform", Roots: infra.SystemRoots()})
	if err != nil {
		t.Fatal(err)
	}
	if mirror == "" {
		t.Skip("no local mirror of the AWS provider")
	}
	dir = t.TempDir()
	rc := filepath.Join(dir, "cli.tfrc")
	if err := infra.WriteCLIConfig(rc, mirror); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(main), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TF_CLI_CONFIG_FILE=" + rc, "CHECKPOINT_DISABLE=1"}
}

// terraform runs the tool for a minute at most. Its exit code does not matter here.
func terraform(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, "terraform", args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &output, &output
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return output.String()
}

const everyService = `
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
data "aws_caller_identity" "x" {}
data "aws_sqs_queue" "x" { name = "q" }
data "aws_lambda_function" "x" { function_name = "f" }
data "aws_iam_role" "x" { name = "r" }
data "aws_cloudwatch_log_group" "x" { name = "g" }
data "aws_s3_bucket" "x" { bucket = "bbb" }
data "aws_dynamodb_table" "x" { name = "t" }
import {
  to = aws_cloudwatch_dashboard.x
  id = "d"
}
resource "aws_cloudwatch_dashboard" "x" {
  dashboard_name = "d"
  dashboard_body = "{}"
}
`

const s3Backend = `
terraform {
  backend "s3" {
    bucket         = "b"
    key            = "k"
    use_path_style = true
  }
}
`

// with replaces the endpoints in a text by listeners.
func with(text string, a, b, c *listener) string {
	return strings.NewReplacer(here, a.URL, there, b.URL, third, c.URL).Replace(text)
}

// The real AWS provider and the real S3 backend call the resolved endpoints. Rows with
// calls to AWS itself are left out, because a test must not call it.
func TestTerraformCallsTheResolvedEndpoints(t *testing.T) {
	dir, base := terraformWork(t, everyService)
	if output := terraform(t, dir, base, "init", "-input=false", "-no-color"); !strings.Contains(output, "successfully initialized") {
		t.Fatal(output)
	}
	state, stateBase := terraformWork(t, s3Backend)
	for _, row := range []struct {
		name string
		env  map[string]string
	}{
		{"every kind of variable", map[string]string{
			"AWS_ENDPOINT_URL": here, "AWS_ENDPOINT_URL_SQS": there, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": third,
			"TF_AWS_STS_ENDPOINT": there, "AWS_IAM_ENDPOINT": third, "AWS_ENDPOINT_URL_S3": there, "TF_AWS_S3_ENDPOINT": third,
		}},
		{"every part of a profile", map[string]string{"AWS_DEFAULT_PROFILE": "both", "TF_AWS_S3_ENDPOINT": third, "AWS_STS_ENDPOINT": third}},
		{"variables over a profile", map[string]string{"AWS_PROFILE": "both", "AWS_ENDPOINT_URL": third, ignoreVariable: "false"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, b, c := listen(t), listen(t), listen(t)
			env := map[string]string{}
			for name, value := range row.env {
				env[name] = with(value, a, b, c)
			}
			only(t, env)
			file := os.Getenv("AWS_CONFIG_FILE")
			if err := os.WriteFile(file, []byte(with(profiles, a, b, c)), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := config.LoadDefaultConfig(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			routes := sourcesOf(cfg, os.LookupEnv).resolve()
			environment := slices.DeleteFunc(os.Environ(), func(pair string) bool { return !affectsCalls(strings.SplitN(pair, "=", 2)[0]) })

			output := terraform(t, dir, append(base[:len(base):len(base)], environment...), "plan", "-input=false", "-no-color", "-lock=false")
			compareCalls(t, routes, Provider, output, a, b, c)

			a, b, c = reset(a), reset(b), reset(c)
			output = terraform(t, state, append(stateBase[:len(stateBase):len(stateBase)], environment...), "init", "-reconfigure", "-input=false", "-no-color")
			compareCalls(t, slices.DeleteFunc(routes, func(r Route) bool { return r.Service == "DynamoDB" || r.Service == "IAM" }), Backend, output, a, b, c)
		})
	}
}

func reset(l *listener) *listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.called)
	return l
}

// compareCalls fails the test unless the listeners got exactly the calls that the
// routes of a caller require.
func compareCalls(t *testing.T, routes []Route, caller Caller, output string, listeners ...*listener) {
	t.Helper()
	want := map[string][]string{}
	for _, r := range routes {
		if r.Caller == caller {
			want[r.URL] = append(want[r.URL], r.host)
		}
	}
	for _, l := range listeners {
		slices.Sort(want[l.URL])
		if got := l.services(); !slices.Equal(got, want[l.URL]) {
			t.Errorf("%s called %q at %s, want %q\n%s", caller, got, l.URL, want[l.URL], output)
		}
	}
}

// With the embedded AWS, no setting of the user redirects the real provider, no proxy
// gets its calls, and its credentials are those of the embedded AWS.
func TestTerraformStaysInTheEmbeddedAWS(t *testing.T) {
	dir, base := terraformWork(t, everyService)
	if output := terraform(t, dir, base, "init", "-input=false", "-no-color"); !strings.Contains(output, "successfully initialized") {
		t.Fatal(output)
	}
	embedded, away := listen(t), listen(t)
	only(t, nil)
	profile := filepath.Join(dir, "config")
	if err := os.WriteFile(profile, []byte(strings.ReplaceAll(profiles, here, away.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	user := append(base[:len(base):len(base)],
		"AWS_PROFILE=both", "AWS_CONFIG_FILE="+profile, "AWS_ENDPOINT_URL_SQS="+away.URL, "TF_AWS_STS_ENDPOINT="+away.URL, "AWS_IAM_ENDPOINT="+away.URL,
		ignoreVariable+"=true", "AWS_USE_FIPS_ENDPOINT=true", "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE=/none",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI="+away.URL, "HTTP_PROXY="+away.URL, "HTTPS_PROXY="+away.URL, "http_proxy="+away.URL,
	)
	target := FromDaemon(daemon.Info{URL: embedded.URL, AccessKeyID: "AKID", SecretAccessKey: "s", Region: "us-east-1"}, "")
	var env []string
	for name, value := range target.Env(user) {
		env = append(env, name+"="+value)
	}

	output := terraform(t, dir, env, "plan", "-input=false", "-no-color", "-lock=false")
	want := []string{"dynamodb", "iam", "lambda", "logs", "monitoring", "s3", "sqs", "sts"}
	if got := embedded.services(); !slices.Equal(got, want) {
		t.Errorf("the embedded AWS got calls of %q, want %q\n%s", got, want, output)
	}
	if got := away.services(); len(got) > 0 {
		t.Errorf("calls of %q went to another endpoint", got)
	}
}
