package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	kongcompletion "github.com/jotaen/kong-completion"
	"golang.org/x/term"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/project"
)

const description = `Deploy SQS queues and Lambda functions that lose no message, to AWS or to the AWS embedded in this command.

Try it, without an account:
  reliableq demo

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but the verdict or check is bad, 130 interrupted.`

// cli is the command line: one field for each verb.
type cli struct {
	Demo       demoVerb       `cmd:"" help:"Deploy, send messages, follow each to its end, and print a verdict."`
	Up         upVerb         `cmd:"" help:"Build the functions and deploy them with the queues."`
	Plan       planVerb       `cmd:"" help:"Show what up would change."`
	Down       downVerb       `cmd:"" help:"Remove what up deployed."`
	Status     statusVerb     `cmd:"" help:"Show queue depths, and the state of functions and mappings."`
	Outputs    outputsVerb    `cmd:"" help:"Print the deployment's outputs."`
	Invoke     invokeVerb     `cmd:"" help:"Invoke a function and print its response."`
	Logs       logsVerb       `cmd:"" help:"Print the functions' logs."`
	Env        envVerb        `cmd:"" help:"Print the environment that points AWS tools to the embedded AWS."`
	Local      localVerb      `cmd:"" help:"Run the embedded AWS in the foreground or background."`
	Clock      clockVerb      `cmd:"" help:"Show and move service time of the embedded AWS."`
	Fault      faultVerb      `cmd:"" help:"Inject faults into the embedded AWS."`
	Simulate   simulateVerb   `cmd:"" help:"Run the flow thousands of times in simulation, with injected faults, and check that no message is lost."`
	Experiment experimentVerb `cmd:"" help:"Measure in simulation what batch size and other settings do to good messages."`
	Build      buildVerb      `cmd:"" help:"Build and zip the functions."`

	Terraform  terraformVerb             `cmd:"" help:"Check the Terraform modules."`
	Version    versionVerb               `cmd:"" help:"Print the version."`
	Completion kongcompletion.Completion `cmd:"" help:"Print how to enable tab completion."`
}

// reportFlags are shared by the verbs that print a result.
type reportFlags struct {
	JSON bool `name:"json" help:"Print one JSON object on standard output, and progress as JSON lines on standard error."`
}

// stateFlags are shared by the verbs that read or write state.
type stateFlags struct {
	StateDir string `name:"state-dir" default:".reliableq" env:"RELIABLEQ_STATE_DIR" placeholder:"DIR" help:"State directory (${default})."`
}

// stateDir returns the absolute path of the state directory. An empty name, for example
// from an empty variable, counts as the default: otherwise the state would be written
// directly into the working directory.
func (s stateFlags) stateDir() (string, error) {
	path, err := filepath.Abs(cmp.Or(s.StateDir, ".reliableq"))
	if err != nil {
		return "", fmt.Errorf("find the state directory: %w", err)
	}
	return path, nil
}

// projectFlags are shared by the verbs that read the project's sources.
type projectFlags struct {
	Dir string `name:"dir" env:"RELIABLEQ_DIR" placeholder:"DIR" help:"Project directory, with terraform/ and functions/; default: the nearest one upwards."`
}

func (p projectFlags) project() (project.Project, error) { return project.Find(p.Dir, ".") }

// progress returns the display of this run: JSON lines for machines, else bars on a
// terminal, else plain lines.
func (a *app) progress(machine bool) *progress.Progress {
	// Bars need a terminal that can move its cursor.
	mode := progress.Lines
	if machine {
		mode = progress.JSON
	} else if f, ok := a.screen.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		mode = progress.Bars
	}
	return progress.New(a.screen, mode)
}

// report prints a result: as JSON for machines, or by show for people.
func (a *app) report(machine bool, result any, show func()) error {
	if !machine {
		show()
		return nil
	}

	// Encode completely before writing: an error must not leave half a document.
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(result); err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}

	// JSON from other programs may hold bytes that are not UTF-8.
	if _, err := a.out.Write(bytes.ToValidUTF8(body.Bytes(), []byte(`\ufffd`))); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}

	return nil
}

// confirm asks a person before something is changed or deleted. details are lines
// about what will be changed. It returns an error unless the person enters yes. An
// interrupt ends the question at once.
func (a *app) confirm(ctx context.Context, yes bool, question string, details ...string) error {
	if yes {
		return nil
	}

	// Only a person at a terminal can confirm. Input from a pipe may be meant for another
	// program.
	f, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return hint.New(question+" Cannot ask for confirmation: standard input is not a terminal", "use --yes to skip confirmation")
	}

	for _, line := range details {
		fmt.Fprintln(a.errs, "  "+line)
	}

	fmt.Fprintf(a.errs, "%s Enter \"yes\" to continue: ", question)

	// The read cannot be cancelled. After an interrupt its goroutine ends with the
	// process.
	entered := make(chan string, 1)
	go func() {
		var text string
		if _, err := fmt.Fscanln(f, &text); err != nil {
			text = "" // end of input, or an empty line: not confirmed
		}
		entered <- text
	}()

	select {
	case text := <-entered:
		if text != "yes" {
			return hint.New("not confirmed: nothing was changed", "run again and enter yes, or use --yes")
		}
		return nil
	case <-ctx.Done():
		fmt.Fprintln(a.errs)
		return fmt.Errorf("not confirmed: nothing was changed: %w", context.Cause(ctx))
	}
}
