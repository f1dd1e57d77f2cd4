package main

import (
	"context"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/clock"
)

// hostile is text that changes a terminal's title, clears the screen in two ways,
// writes to the clipboard, moves the cursor back and reverses the writing direction.
// shown is a part of its visible form.
const (
	hostile = "\x1b]0;title\x07\x1b[2J\u009b2J\x1b]52;c;aGk=\x07back\rover\u202eevil\u2066"
	shown   = `\x1b]0;title\x07\x1b[2J`
)

// wantEscaped fails the test if text has control sequences for a terminal.
func wantEscaped(t *testing.T, name, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s: %q is not UTF-8", name, text)
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%s prints %U: %q", name, r, text)
			return
		}
	}
}

// No verb prints external text unescaped on a terminal: log lines, payloads, errors,
// outputs, and the output of Terraform.
func TestExternalTextIsEscapedOnATerminal(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage)
	outputs := strings.Replace(w.stateFile(), `"outputs":{`, `"outputs":{"evil":{"value":`+quoted(t, hostile)+`},`, 1)
	w.deployed()
	w.write(filepath.Join(folderOf(w), "terraform.tfstate"), outputs)
	w.WriteLog("consumer", hostile)
	w.ReplaceHandler("producer", func(_ context.Context, event []byte) ([]byte, error) {
		if string(event) == `"fail"` {
			return nil, errors.New(hostile)
		}
		if string(event) == `"bytes"` {
			return []byte("\"\xff\xfe" + hostile + "\""), nil
		}
		return json.Marshal(hostile)
	})
	diagnostic := `{"type":"diagnostic","@level":"error","diagnostic":{"severity":"error","summary":` + quoted(t, hostile) + `,"detail":` + quoted(t, hostile) + `}}`
	w.write(filepath.Join(w.bin, "plan.fails"), diagnostic+"\n"+hostile+"\n")
	w.write(filepath.Join(w.bin, "apply.fails"), diagnostic+"\n"+hostile+"\n")

	for name, row := range map[string]struct {
		run   func() result
		plain bool // hostile text need not be shown
	}{
		"logs":                 {run: func() result { return w.do("logs") }},
		"logs --json":          {run: func() result { return w.do("logs", "--json") }, plain: true},
		"invoke":               {run: func() result { return w.do("invoke") }, plain: true},
		"invoke bytes":         {run: func() result { return w.do("invoke", "-p", `"bytes"`) }},
		"invoke --log":         {run: func() result { return w.do("invoke", "--log", "-p", `"fail"`) }, plain: true},
		"invoke --json":        {run: func() result { return w.do("invoke", "--json", "-p", `"bytes"`) }, plain: true},
		"outputs":              {run: func() result { return w.do("outputs") }, plain: true},
		"outputs evil":         {run: func() result { return w.do("outputs", "evil") }},
		"outputs --json":       {run: func() result { return w.do("outputs", "--json") }, plain: true},
		"an unknown function":  {run: func() result { return w.do("invoke", hostile) }},
		"an unknown output":    {run: func() result { return w.do("outputs", hostile) }},
		"an unknown flag":      {run: func() result { return w.do("--" + hostile) }},
		"errors of Terraform":  {run: func() result { return w.deploying("up") }},
		"Terraform, in JSON":   {run: func() result { return w.deploying("up", "--json") }, plain: true},
		"a plan that fails":    {run: func() result { return w.deploying("plan") }},
		"a demo that fails":    {run: func() result { return w.deploying("demo") }},
		"status":               {run: func() result { return w.do("status") }, plain: true},
		"fault list":           {run: func() result { return w.do("fault", "list") }, plain: true},
		"an unknown fault":     {run: func() result { return w.do("fault", "add", hostile) }, plain: true},
		"a fault on a service": {run: func() result { return w.do("fault", "add", "error", "--service", hostile) }, plain: true},
	} {
		t.Run(name, func(t *testing.T) {
			got := row.run()
			wantEscaped(t, name, got.out)
			wantEscaped(t, name, got.errs)
			if !row.plain && !strings.Contains(got.out+got.errs, shown) {
				t.Errorf("%s does not show %q: exit code %d\n%s\n%s", name, shown, got.code, got.out, got.errs)
			}
		})
	}

	// With --json nothing is lost.
	var all map[string]string
	var line logLine
	if err := json.Unmarshal([]byte(w.do("logs", "consumer", "--json").out), &line); err != nil || line.Message != hostile {
		t.Errorf("logs --json: %q, %v", line.Message, err)
	}
	if err := json.Unmarshal([]byte(`{"evil":`+w.do("outputs", "evil", "--json").out+`}`), &all); err != nil || all["evil"] != hostile {
		t.Errorf("outputs --json: %q, %v", all["evil"], err)
	}
	var invoked struct{ Payload string }
	if err := json.Unmarshal([]byte(w.do("invoke", "--json").out), &invoked); err != nil || invoked.Payload != hostile {
		t.Errorf("invoke --json: %q, %v", invoked.Payload, err)
	}
}

// folderOf returns the directory of the state of a deployment.
func folderOf(w *deployment) string {
	at := &target.Target{Kind: target.Embedded, Account: w.AWS.Account(), Region: w.AWS.Region()}
	return at.Folder(w.state, "")
}

func quoted(t *testing.T, s string) string {
	t.Helper()
	body, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// A verdict of the demo with hostile message ids and names.
func TestHostileMessagesDoNotReachTheTerminalOfADemo(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Skip, consume.PerMessage).deployed()
	if _, err := w.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: aws.String(w.Deployment.DLQ()), MessageBody: aws.String("\t{\u0085\u202e"),
	}); err != nil {
		t.Fatal(err)
	}
	w.write(filepath.Join(w.bin, "plan"), `{"type":"diagnostic","diagnostic":{"severity":"warning","summary":`+quoted(t, hostile)+`}}`+"\n")
	got := w.deploying("demo", "--fast", "--count", "3")
	wantEscaped(t, "demo", got.out)
	wantEscaped(t, "demo", got.errs)
}

// Everything that verbs print goes through the writers that escape control sequences.
func TestEverythingIsPrintedThroughTheEscapingWriters(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{
		"main.go os.Stdout": true, "main.go os.Stderr": true, // where the writers wrap them
		"cli.go .screen": true, "main.go .screen": true, // progress, which escapes its text
		"output.go .exact": true, "env.go .exact": true, // lines for a shell to evaluate
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name := "." + sel.Sel.Name
			if id, ok := sel.X.(*ast.Ident); ok && (id.Name == "os" || id.Name == "fmt") {
				name = id.Name + name
			}
			switch name {
			case "os.Stdout", "os.Stderr", ".screen", ".exact", "fmt.Print", "fmt.Printf", "fmt.Println":
				if !allowed[path+" "+name] {
					t.Errorf("%s uses %s, not the escaping writers", path, name)
				}
			}
			return true
		})
	}
}
