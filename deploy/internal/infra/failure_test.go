package infra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

func TestEveryKnownFailureHasAHint(t *testing.T) {
	t.Parallel()
	for _, w := range knownFailures {
		t.Run(w.text, func(t *testing.T) {
			// The tool wraps its texts: a known text may be broken over lines.
			wrapped := "Error:\n│ " + strings.ReplaceAll(w.text, " ", "\n│   ")
			if got := nextStep(withoutFrame(wrapped)); got != w.next {
				t.Errorf("%s: %q, want %q", w.text, got, w.next)
			}
			if strings.HasSuffix(w.next, ".") || strings.ToLower(w.next[:1]) != w.next[:1] && !strings.HasPrefix(w.next, "AWS") {
				t.Errorf("%q has not the form of a hint", w.next)
			}
		})
	}
	if got := nextStep("something else"); !strings.Contains(got, "run the same command again") {
		t.Errorf("an unknown failure: %q", got)
	}
}

func TestTheNumberOfFullErrorsIsLimited(t *testing.T) {
	t.Parallel()
	tf := &Terraform{}
	var all []Diagnostic
	for i := range maxShown + 3 {
		all = append(all, Diagnostic{Summary: fmt.Sprintf("error %d", i)})
	}
	got := tf.failure(t.Context(), "apply", errors.New("exit status 1"), all, "").Error()
	if !strings.Contains(got, "error 4") || strings.Contains(got, "error 5") || !strings.Contains(got, "and 3 more") || strings.Contains(got, "exit status") {
		t.Errorf("%s", got)
	}
}

func TestTheErrorOfAnEndedRunHasTheCause(t *testing.T) {
	t.Parallel()
	ended := errors.New("the embedded AWS ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ended)
	if err := (&Terraform{tool: Tool{Tofu: true}}).failure(ctx, "apply", errors.New("exit status 1"), nil, ""); !errors.Is(err, ended) ||
		err.Error() != "OpenTofu apply: the embedded AWS ended" {
		t.Errorf("error %v", err)
	}
}

func TestADiagnosticHasItsPosition(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"summary":"a"}`:                                                   "a",
		`{"summary":"a","detail":" b\n"}`:                                   "a: b",
		`{"summary":"a","address":"aws_sqs_queue.q"}`:                       "a (aws_sqs_queue.q)",
		`{"summary":"a","range":{"filename":"main.tf","start":{"line":3}}}`: "a (main.tf:3)",
	} {
		t.Run(body, func(t *testing.T) {
			var d Diagnostic
			if err := json.Unmarshal([]byte(body), &d); err != nil {
				t.Fatal(err)
			}
			if got := d.text(); got != want {
				t.Errorf("%s: %q, want %q", body, got, want)
			}
		})
	}
}

func TestAddressesHaveTheFormOfTheCommandLine(t *testing.T) {
	t.Parallel()
	r := stateResource{Module: "module.queues", Type: "aws_sqs_queue", Name: "this"}
	for want, key := range map[string]any{
		"module.queues.aws_sqs_queue.this":         nil,
		`module.queues.aws_sqs_queue.this["a\"b"]`: `a"b`,
		"module.queues.aws_sqs_queue.this[2]":      2.,
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := (stateInstance{Key: key}).address(r); got != want {
				t.Errorf("%v: %s, want %s", key, got, want)
			}
		})
	}
	if got := (stateInstance{}).address(stateResource{Type: "t", Name: "n"}); got != "t.n" {
		t.Errorf("in the root: %s", got)
	}
}

// An attribute of an unexpected type counts as missing: in another resource type the
// name may have another meaning.
func TestAttributesOfAnotherTypeCountAsMissing(t *testing.T) {
	t.Parallel()
	var got Attributes
	body := `{"id":"q","name":["a"],"alarm_name":null,"function_name":7,"tags_all":{"a":"b"},"queue_url":"u","other":{}}`
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := Attributes{ID: "q", QueueURL: "u", Tags: map[string]string{"a": "b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Events that arrive in pieces are the same as those in one piece, wherever the pieces
// end.
func TestAnyPiecesMakeTheSameEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.SampledFrom([]string{
			`{"type":"a"}`, `{"type":"b","@message":"ä\n"}`, "", "no event", `{"@level":"info"}`, "  ",
		})).Draw(t, "lines")
		stream := strings.Join(lines, "\n")
		feed := func(pieces []string) (types []string, other string) {
			s := &splitter{handle: func(e Event) { types = append(types, e.Type) }}
			for _, p := range pieces {
				if _, err := s.Write([]byte(p)); err != nil {
					t.Fatal(err)
				}
			}
			s.flush()
			return types, s.other.String()
		}
		var pieces []string
		for rest := stream; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		types, other := feed(pieces)
		wantTypes, wantOther := feed([]string{stream})
		if strings.Join(types, " ") != strings.Join(wantTypes, " ") || other != wantOther {
			t.Fatalf("%q in pieces %q: %v and %q, want %v and %q", stream, pieces, types, other, wantTypes, wantOther)
		}
	})
}

func TestStoredOutputOfACrashIsLimited(t *testing.T) {
	t.Parallel()
	s := &splitter{handle: func(Event) { t.Error("an event") }}
	for range 5 {
		if _, err := s.Write([]byte(strings.Repeat("x", maxOther/2) + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.other.Len(); n < maxOther || n > 2*maxOther {
		t.Errorf("%d bytes are stored", n)
	}
}

// Any path is one string when HCL parses it.
func TestQuotedStringsStayStrings(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/opt/x": `"/opt/x"`, `a"b\c`: `"a\"b\\c"`, "${x} %{y}": `"$${x} %%{y}"`, "a\nb": `"a\nb"`,
	} {
		t.Run(in, func(t *testing.T) {
			if got := quoteHCL(in); got != want {
				t.Errorf("%q: %s, want %s", in, got, want)
			}
		})
	}
}

func TestAConfigurationForManualRunsIsWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "cli.tfrc")
	if err := WriteCLIConfig(path, "/opt/mirror"); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(body), `path    = "/opt/mirror"`) || !strings.Contains(string(body), `include = ["registry.terraform.io/hashicorp/*"]`) {
		t.Errorf("%s, %v", body, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	for _, bad := range []string{filepath.Join(file, "x", "cli.tfrc"), t.TempDir()} {
		t.Run(bad, func(t *testing.T) {
			if err := WriteCLIConfig(bad, "/opt/mirror"); err == nil || !strings.Contains(hint.Of(err), "--state-dir") {
				t.Errorf("%s: %v", bad, err)
			}
		})
	}
}

func TestAnUnusableFolderIsAnErrorWithAHint(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	if _, err := Open(t.Context(), Options{Root: t.TempDir(), Folder: filepath.Join(file, "state")}); err == nil || !strings.Contains(hint.Of(err), "--state-dir") {
		t.Errorf("the folder: %v, hint %q", err, hint.Of(err))
	}
	if _, err := Open(t.Context(), Options{Root: t.TempDir(), Folder: t.TempDir(), Plugins: filepath.Join(file, "plugins")}); err == nil || !strings.Contains(hint.Of(err), "--state-dir") {
		t.Errorf("the providers' folder: %v, hint %q", err, hint.Of(err))
	}
	if err := HashTree(&strings.Builder{}, filepath.Join(file, "no module")); err == nil || !strings.Contains(err.Error(), "read the root module") {
		t.Errorf("the root module: %v", err)
	}
}

func TestTheFingerprintIgnoresOtherFiles(t *testing.T) {
	t.Parallel()
	root := modules(t)
	mark := func() string {
		t.Helper()
		var b strings.Builder
		if err := HashTree(&b, root); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	first := mark()
	for _, path := range []string{"README.md", "tests/more.tftest.hcl", "examples/x/main.tf", ".terraform/providers/x.hcl", "terraform.tfstate.backup", "x.tfstate.json"} {
		write(t, filepath.Join(root, path), "changed")
	}
	if mark() != first {
		t.Error("a file that is not configuration changes the fingerprint")
	}
	for _, path := range []string{"main.tf", "modules/queue/new.tf", "profiles/recommended.tfvars", ".terraform.lock.hcl", "policy.json"} {
		write(t, filepath.Join(root, path), "changed")
		if now := mark(); now == first {
			t.Errorf("%s does not change the fingerprint", path)
		} else {
			first = now
		}
	}
}
