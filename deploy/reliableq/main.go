// Command reliableq deploys SQS queues and Lambda functions that lose no message,
// shows their state, and runs an embedded AWS to try them without an account.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/supervise"
	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/deploy/internal/terminal"
)

// Exit codes. They are part of the command's contract.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitBadVerdict  = 3
	exitInterrupted = 130
)

// errVerdict is the error of a verb that has completed, and has printed a bad result.
var errVerdict = errors.New("the verdict is bad")

// usageError is a mistake in how the command was called.
type usageError struct{ error }

// Unwrap returns the mistake.
func (u usageError) Unwrap() error { return u.error }

func main() {
	supervise.Main()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs the command and returns its exit code.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	defer stop()

	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()

	safeErrs := terminal.NewWriter(errs)

	// Text from elsewhere must not act upon the terminal.
	a := &app{
		in:     in,
		out:    newOutput(out),
		errs:   safeErrs,
		screen: errs,
	}

	err := a.run(ctx, args)

	// A result that cannot be written is an error. It replaces errors that follow from it.
	if writeErr := a.out.flush(); writeErr != nil && (err == nil || errors.Is(err, errVerdict) || errors.Is(err, a.out.err)) {
		err = writeErr
	}

	code := a.exitCode(ctx, err)
	_ = safeErrs.Flush() // there is nowhere to report that an error message cannot be written
	return code
}

// endSignals returns the signals that end the command after it has cleaned up. A
// hangup is not among them if it is ignored, as under nohup.
func endSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// app has the command's standard streams. Verbs print to out and errs, which escape
// what a terminal would act upon.
type app struct {
	in   io.Reader
	out  *output          // results
	errs *terminal.Writer // questions and errors
	// screen is the writer below errs. Only progress uses it: it draws, and escapes
	// what it shows itself.
	screen io.Writer
}

func (a *app) run(ctx context.Context, args []string) error {
	// The verbs receive ctx and a by their types.
	var verbs cli
	parser, err := kong.New(&verbs,
		kong.Name("reliableq"),
		kong.Description(description),
		kong.Writers(a.out, a.errs),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ShortUsageOnError(),
		experimentVars(), faultVars(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(a),
	)

	if err != nil {
		return fmt.Errorf("build the command line parser: %w", err)
	}

	// Completion must be registered before the arguments are parsed.
	kongcompletion.Register(parser)
	parsed, err := parser.Parse(args)
	if err != nil {
		if negative := negativeAdvance(args); negative != nil {
			err = negative
		}
		err = usageError{hint.With(err, "see "+helpFor(err))}
		// A shell evaluates what env prints: it must not reach AWS after a mistake.
		if len(args) > 0 && args[0] == "env" {
			err = errors.Join(err, (&envVerb{}).print(a, target.Unreachable(""), "", true))
		}
		return err
	}

	return parsed.Run(a)
}

// helpFor returns the command that prints help for the part of the command line
// that could be parsed.
func helpFor(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if verb := parse.Context.Command(); verb != "" {
			words := strings.Fields(verb)
			for i, w := range words {
				if strings.HasPrefix(w, "<") {
					words = words[:i]
					break
				}
			}
			return "reliableq " + strings.Join(words, " ") + " --help"
		}
	}

	return "reliableq --help"
}

// exitCode prints err with its hint, and returns its exit code.
func (a *app) exitCode(ctx context.Context, err error) int {
	// After an interrupt, other errors mostly follow from it.
	var usage usageError
	code := exitFailed
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errVerdict):
		return exitBadVerdict
	case errors.As(err, &usage):
		code = exitUsage
	case ctx.Err() != nil:
		code = exitInterrupted
	}

	fmt.Fprintf(a.errs, "error: %v\n", err)
	if next := hint.Of(err); next != "" {
		fmt.Fprintf(a.errs, "hint: %s\n", next)
	}

	return code
}
