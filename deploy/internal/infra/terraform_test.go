package infra

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/deploy/internal/bundle"
	"github.com/reliableq/reliableq/deploy/internal/hint"
)

func TestApplyIsOneRunWithHighParallelism(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) {
		o.Vars, o.VarFiles = []string{"name_prefix=x_", "batch_size=5"}, []string{"/profiles/recommended.tfvars"}
	})
	if _, err := b.tf.Apply(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	calls := b.calls()
	want := []string{
		"apply", "-json", "-no-color", "-auto-approve", "-input=false", "-parallelism=30",
		"-var-file=/profiles/recommended.tfvars", "-var", "name_prefix=x_", "-var", "batch_size=5",
	}
	if diff := cmp.Diff(want, calls[len(calls)-1].Args); diff != "" {
		t.Error(diff)
	}
}

func TestInitLeavesTheLockFileAndIsDoneOncePerSources(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for range 2 {
		if err := b.tf.Init(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"init", "-input=false", "-no-color", "-reconfigure", "-lockfile=readonly"}, b.calls()[0].Args); diff != "" {
		t.Error(diff)
	}
	if n := len(b.calls()); n != 1 {
		t.Errorf("%d runs, want one for the same sources", n)
	}
	write(t, filepath.Join(b.tf.Root, "main.tf"), "# changed\n")
	if err := b.tf.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(b.calls()); n != 2 {
		t.Errorf("%d runs after a change, want two", n)
	}
}

func TestDestroyAndPlanGetTheVariables(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Vars = []string{"a=b"} })
	if _, err := b.tf.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.tf.Plan(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, verb := range []string{"destroy", "plan"} {
		t.Run(verb, func(t *testing.T) {
			args := b.calls()[i].Args
			if args[0] != verb || !slices.Contains(args, "a=b") || !slices.Contains(args, "-json") {
				t.Errorf("%s: %v", verb, args)
			}
		})
	}
}

func TestTheToolGetsTheTargetsEnvironmentAndItsFolders(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Env["TF_CLI_CONFIG_FILE"] = "/no/such/file" })
	if err := b.tf.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := b.calls()[0]
	for key, want := range map[string]string{
		"AWS_REGION": "us-east-1", "TF_DATA_DIR": filepath.Join(b.tf.Folder, "data"), "TF_PLUGIN_CACHE_DIR": b.tf.Plugins, "TF_IN_AUTOMATION": "1",
	} {
		t.Run(key, func(t *testing.T) {
			if c.Env[key] != want {
				t.Errorf("%s=%s, want %s", key, c.Env[key], want)
			}
		})
	}
	for _, key := range []string{"TF_VAR_x", "TF_LOG", "TF_CLI_CONFIG_FILE", "HOME"} {
		t.Run(key, func(t *testing.T) {
			if v, ok := c.Env[key]; ok {
				t.Errorf("%s=%s is passed to the tool", key, v)
			}
		})
	}
	if want := filepath.Join(b.tf.Folder, "work", "terraform"); c.Dir != want {
		t.Errorf("runs in %s, want %s", c.Dir, want)
	}
}

func TestAMirrorIsNamedInASeparateConfiguration(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Mirror = `/opt/with "quotes" and ${dollars}` })
	if err := b.tf.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := b.calls()[0].Env["TF_CLI_CONFIG_FILE"]
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := `path    = "/opt/with \"quotes\" and $${dollars}"`; !strings.Contains(string(body), want) {
		t.Errorf("no %s in\n%s", want, body)
	}
}

func TestTofuWorksOnACopyWithoutTheReadOnlyLock(t *testing.T) {
	t.Parallel()
	var mirror string
	b := setup(t, func(o *Options) {
		o.Tool = Tool{Path: link(t, t.TempDir(), "tofu", "1.10.6"), Version: "1.10.6", Tofu: true}
		mirror = filepath.Join(t.TempDir(), "mirror")
		write(t, providerBinary(mirror), "binary")
		o.Mirror = mirror
	})
	if err := b.tf.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := b.calls()[0]
	if slices.Contains(c.Args, "-lockfile=readonly") || c.Dir == filepath.Join(b.dir, "terraform") {
		t.Errorf("runs %v in %s", c.Args, c.Dir)
	}
	found := strings.Replace(providerBinary(filepath.Join(b.tf.Folder, "mirror")), terraformHost, tofuHost, 1)
	if body, err := os.ReadFile(found); err != nil || string(body) != "binary" {
		t.Errorf("the mirror has not the layout of OpenTofu: %v", err)
	}
}

func TestAFailureHasTheDiagnosticAndAHint(t *testing.T) {
	t.Parallel()
	diagnostic := func(summary, detail string) string {
		return fmt.Sprintf(`{"type":"diagnostic","@level":"error","diagnostic":{"severity":"error","summary":%q,"detail":%q,`+
			`"address":"aws_sqs_queue.q","range":{"filename":"main.tf","start":{"line":7}}}}`, summary, detail)
	}
	for name, c := range map[string]struct{ summary, detail, next string }{
		"refused by AWS":   {"creating SQS Queue", "AccessDenied: not allowed", "lack the permission"},
		"endpoint is gone": {"reading SQS Queue", "dial tcp 127.0.0.1:4566: connect: connection refused", "reliableq local status"},
		"locked":           {"Error acquiring the state lock", "", "another run"},
		"anything else":    {"Invalid value", "must be positive", "fix the error above"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, func(o *Options) {
				events(diagnostic(c.summary, c.detail))(o)
				o.Env["FAKE_EXIT"] = "1"
			})
			_, err := b.tf.Apply(t.Context(), nil)
			if err == nil || !strings.Contains(err.Error(), c.summary) || !strings.Contains(err.Error(), c.detail) ||
				!strings.Contains(err.Error(), "aws_sqs_queue.q, main.tf:7") || !strings.Contains(hint.Of(err), c.next) {
				t.Errorf("%s: %v, hint %q", name, err, hint.Of(err))
			}
		})
	}
}

func TestTheOutputOfACrashIsInTheError(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) {
		events("panic: runtime error", "goroutine 1 [running]:")(o)
		o.Env["FAKE_EXIT"] = "1"
	})
	if _, err := b.tf.Apply(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "panic: runtime error") {
		t.Errorf("error %v", err)
	}
}

func TestAnInterruptWaitsUntilTheToolHasEnded(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) {
		events(`{"type":"version","@level":"info"}`)(o)
		o.Env["FAKE_WAIT"] = "1"
	})
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan struct{})
	stream := &splitter{handle: func(e Event) {
		if e.Message == "waiting for an interrupt" {
			close(waiting)
		}
	}}
	go func() { <-waiting; cancel() }()
	_, err := b.tf.exec(ctx, stream, "apply")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if got := b.tf.failure(ctx, "apply", err, nil, ""); !errors.Is(got, context.Canceled) {
		t.Errorf("failure %v", got)
	}
}

func TestTheFingerprintChangesWithEveryInput(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	built := []bundle.Result{{Name: "consumer", SHA256: "abc"}}
	mark := func() string {
		t.Helper()
		s, err := b.tf.Fingerprint(built)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := mark()
	if b.tf.HasFingerprint(first) {
		t.Error("reported as deployed too early")
	}
	if err := b.tf.SaveFingerprint(first); err != nil || !b.tf.HasFingerprint(mark()) {
		t.Errorf("not recorded: %v", err)
	}
	seen := map[string]string{first: "nothing"}
	vars := filepath.Join(b.dir, "x.tfvars")
	for _, c := range []struct {
		name   string
		change func()
	}{
		{"a variable", func() { b.tf.Vars = []string{"batch_size=10"} }},
		{"a file of variables", func() { write(t, vars, "a = 1"); b.tf.VarFiles = []string{vars} }},
		{"its content", func() { write(t, vars, "a = 2") }},
		{"a package", func() { built[0].SHA256 = "def" }},
		{"a module", func() { write(t, filepath.Join(b.tf.Root, "modules", "q", "main.tf"), "#") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change()
			got := mark()
			if other, ok := seen[got]; ok {
				t.Errorf("%s changes nothing since %s", c.name, other)
			}
			seen[got] = c.name
		})
	}
	if err := b.tf.RemoveFingerprint(); err != nil || b.tf.HasFingerprint(first) {
		t.Errorf("not removed: %v", err)
	}
}
