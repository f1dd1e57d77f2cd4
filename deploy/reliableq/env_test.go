package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/reliableq/reliableq/localaws/clock"
)

// callAWS replaces a program that uses AWS, such as terraform or aws. It makes requests
// with the SDK as its environment configures it, and records the addresses of the
// requests, without connecting to any.
func callAWS(calls string) int {
	note, err := os.OpenFile(calls, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer note.Close()
	client := awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
		tr.DialContext = func(_ context.Context, _, addr string) (net.Conn, error) {
			fmt.Fprintln(note, filepath.Base(os.Args[0]), addr)
			return nil, errors.New("not connected, on purpose")
		}
	})
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithHTTPClient(client), config.WithRetryMaxAttempts(1))
	if err != nil {
		fmt.Fprintln(note, filepath.Base(os.Args[0]), "no configuration:", err)
		return 1
	}
	_, queues := sqs.NewFromConfig(cfg).ListQueues(context.Background(), &sqs.ListQueuesInput{})
	_, caller := sts.NewFromConfig(cfg).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
	if queues != nil || caller != nil {
		return 1
	}
	return 0
}

// production is an environment in which every setting leads to AWS. The programs that
// use AWS and are first on PATH are replaced by callAWS.
func production(t *testing.T, dir string) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"bin/aws", "bin/terraform", "bin/python3", "bin/node", "bin/npm", "bin/curl", "bin/reliableq"} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(exe, path); err != nil {
			t.Fatal(err)
		}
	}
	profile := "[profile production]\nregion = eu-west-1\nendpoint_url = http://profile.example\nservices = all\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n" +
		"[services all]\nsqs =\n  endpoint_url = http://services.example\n"
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"PATH=" + filepath.Join(dir, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir,
		"RELIABLEQ_TEST_CALLS=" + filepath.Join(dir, "calls"),
		"AWS_PROFILE=production", "AWS_DEFAULT_PROFILE=production", "AWS_CONFIG_FILE=" + filepath.Join(dir, "config"),
		"AWS_ACCESS_KEY_ID=AKIAREAL", "AWS_SECRET_ACCESS_KEY=real", "AWS_SESSION_TOKEN=real", "AWS_SECURITY_TOKEN=real",
		"AWS_ENDPOINT_URL_SQS=http://variable.example", "AWS_ENDPOINT_URL_STS=http://variable.example",
		"TF_AWS_STS_ENDPOINT=http://terraform.example", "AWS_STS_ENDPOINT=http://terraform.example",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_USE_FIPS_ENDPOINT=true",
		"AWS_ROLE_ARN=arn:aws:iam::111122223333:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE=/token",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://container.example",
		"HTTP_PROXY=http://proxy.example:3128", "http_proxy=http://proxy.example:3128",
		"AWS_CA_BUNDLE=", "AWS_PAGER=cat",
	}
}

// shells returns the installed POSIX shells.
func shells(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, name := range []string{"sh", "bash", "dash", "zsh"} {
		if _, err := exec.LookPath(name); err == nil {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		t.Skip("no shell on this computer")
	}
	return found
}

// script runs text in a shell and returns what it printed.
func script(t *testing.T, shell, dir string, env []string, text string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), shell, "-c", text)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// redirecting lists the variables in the output of env that could redirect calls.
func redirecting(printed string) []string {
	var names []string
	for line := range strings.Lines(printed) {
		name, _, _ := strings.Cut(line, "=")
		if strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "TF_AWS_") {
			names = append(names, strings.TrimSpace(line))
		}
	}
	slices.Sort(names)
	return names
}

// With no server, eval fails and leaves an environment from which no program reaches
// an AWS: the next command of a guide must not change the real account.
func TestEvalOfEnvWithoutAServerFailsAndCallsNoAWS(t *testing.T) {
	t.Parallel()
	for _, shell := range shells(t) {
		for name, env := range map[string]string{"plain": "env", "terraform": "env --terraform", "unknown flag": "env --bogus", "wrong value": "env --shell tcsh", "argument": "env lambda"} {
			t.Run(shell+"/"+name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				out, err := script(t, shell, dir, production(t, dir), `eval "$(reliableq `+env+`)"; echo "eval gave $?"; env; aws sts get-caller-identity`)
				if err == nil || !strings.Contains(out, "eval gave 1\n") || !strings.Contains(out, "error: ") {
					t.Errorf("eval did not fail: %v\n%s", err, out)
				}
				want := []string{
					"AWS_ACCESS_KEY_ID=NOEMBEDDEDAWSRUNNING", "AWS_CA_BUNDLE=", "AWS_CONFIG_FILE=/dev/null", "AWS_DEFAULT_REGION=us-east-1",
					"AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=cat",
					"AWS_REGION=us-east-1", "AWS_SECRET_ACCESS_KEY=none", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
				}
				if got := redirecting(out); !slices.Equal(got, want) {
					t.Errorf("left in the environment:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
				wantNoCalls(t, dir)
			})
		}
	}
}

// wantNoCalls fails the test unless programs called AWS only at the address that refuses
// connections.
func wantNoCalls(t *testing.T, dir string) {
	t.Helper()
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatalf("no program called AWS: the test is not effective: %v", err)
	}
	for line := range strings.Lines(string(calls)) {
		if !strings.HasSuffix(line, " 127.0.0.1:1\n") {
			t.Errorf("a program called %s", line)
		}
	}
}

// With a server, no setting of the user's shell redirects calls.
func TestEvalOfEnvReachesOnlyTheEmbeddedAWS(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Real, "per_message")
	for _, shell := range shells(t) {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			env := append(production(t, dir), "RELIABLEQ_STATE_DIR="+w.state)
			out, err := script(t, shell, dir, env, `set -eu; eval "$(reliableq env)"; env; aws sts get-caller-identity || true`)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			id, secret := w.AWS.Credentials()
			want := []string{
				"AWS_ACCESS_KEY_ID=" + id, "AWS_CA_BUNDLE=", "AWS_CONFIG_FILE=/dev/null", "AWS_DEFAULT_REGION=us-east-1",
				"AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL=" + w.AWS.URL(), "AWS_PAGER=cat",
				"AWS_REGION=us-east-1", "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
			}
			slices.Sort(want)
			if got := redirecting(out); !slices.Equal(got, want) {
				t.Errorf("left in the environment:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for _, proxy := range []string{"NO_PROXY=127.0.0.1,localhost,::1\n", "no_proxy=127.0.0.1,localhost,::1\n"} {
				if !strings.Contains(out, proxy) {
					t.Errorf("no %q in\n%s", proxy, out)
				}
			}
			calls, err := os.ReadFile(filepath.Join(dir, "calls"))
			host := strings.TrimPrefix(w.AWS.URL(), "http://")
			if want := "aws " + host + "\naws " + host + "\n"; err != nil || string(calls) != want {
				t.Errorf("%v: calls %q, want %q", err, calls, want)
			}
		})
	}
}

func TestEnvOfAFishShell(t *testing.T) {
	t.Parallel()
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Skip("fish is missing")
	}
	dir := t.TempDir()
	out, err := script(t, fish, dir, production(t, dir), `reliableq env --shell fish | source; echo "source gave $status"; env; aws sts get-caller-identity`)
	if err == nil || !strings.Contains(out, "source gave 1\n") || strings.Contains(out, "AWS_PROFILE=") || strings.Contains(out, "nknown command") {
		t.Errorf("%v\n%s", err, out)
	}
	wantNoCalls(t, dir)
}

// guides lists the documents whose blocks people paste into a shell.
func guides(t *testing.T) []string {
	t.Helper()
	paths := []string{"../../README.md", "../../CONTRIBUTING.md", "../../terraform/README.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../terraform/modules/*/README.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	return paths
}

var (
	fenced   = regexp.MustCompile("(?s)\n```[a-z]*\n(.*?)\n```")
	indented = regexp.MustCompile(`(?m)(?:^    .*\n)+`)
)

// evalBlocks returns the code blocks of the guides that evaluate the output of env, by
// file and number.
func evalBlocks(t *testing.T) map[string]string {
	t.Helper()
	blocks := map[string]string{}
	for _, path := range guides(t) {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, m := range fenced.FindAllStringSubmatch(string(body), -1) {
			found = append(found, m[1])
		}
		for _, block := range indented.FindAllString(fenced.ReplaceAllString(string(body), ""), -1) {
			found = append(found, regexp.MustCompile(`(?m)^    `).ReplaceAllString(block, ""))
		}
		for _, block := range found {
			if strings.Contains(block, "reliableq env") {
				blocks[fmt.Sprintf("%s_%d", filepath.Base(path), len(blocks)+1)] = block
			}
		}
	}
	return blocks
}

// Every block of the guides that begins with env reaches no AWS if no server runs.
func TestGuidesWithoutAServerCallNoAWS(t *testing.T) {
	t.Parallel()
	blocks := evalBlocks(t)
	if len(blocks) < 4 {
		t.Fatalf("only %d blocks found: the test looks in the wrong place", len(blocks))
	}
	starts := regexp.MustCompile(`(?m)^.*(?:reliableq (?:local|clock|fault|up|demo)|make)\b.*$`) // what precedes env, and what the script replaces
	for name, block := range blocks {
		for _, shell := range shells(t) {
			t.Run(name+"/"+shell, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				if err := os.MkdirAll(filepath.Join(dir, "terraform"), 0o755); err != nil {
					t.Fatal(err)
				}
				text := starts.ReplaceAllString(block, "")
				out, _ := script(t, shell, dir, production(t, dir), text)
				if !strings.Contains(out, "no embedded AWS is running") {
					t.Errorf("the failure is not printed:\n%s", out)
				}
				wantNoCalls(t, dir)
			})
		}
	}
}
