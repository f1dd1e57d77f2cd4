// Command reliableq deploys queues that lose nothing, watches them, and runs an
// AWS of its own where there is none.
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

// Exit codes, as scripts know them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitBadVerdict  = 3
	exitInterrupted = 130
)

// errVerdict is answered by a verb that did its work and found something bad,
// which it has shown already.
var errVerdict = errors.New("the verdict is bad")

// usageError is a mistake in how the command was called.
type usageError struct{ error }

// Unwrap answers the mistake itself.
func (u usageError) Unwrap() error { return u.error }

func main() {
	supervise.Main()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command, up to its exit code.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second Ctrl-C ends the command the hard way
	}()
	said := terminal.NewWriter(errs)
	a := &app{
		in:     in,
		out:    newOutput(out),
		errs:   said,
		screen: errs,
	}
	err := a.run(ctx, args)
	if lost := a.out.lost(); lost != nil && (err == nil || errors.Is(err, errVerdict) || errors.Is(err, a.out.err)) {
		err = lost
	}
	code := a.exitCode(ctx, err)
	_ = said.Flush() // as for every error message: there is nowhere to say that it failed
	return code
}

// endings are the signals that end the command tidily. A hangup does not count
// where it is ignored, as under nohup.
func endings() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// app is the command's connection to the world outside. What verbs print goes to
// out and errs, which show what a terminal would act upon.
type app struct {
	in   io.Reader
	out  *output          // results
	errs *terminal.Writer // questions and errors
	// screen is where errs writes to. Only progress uses it, which draws there and
	// cleans what it shows itself.
	screen io.Writer
}

func (a *app) run(ctx context.Context, args []string) error {
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
		return fmt.Errorf("set the command up: %w", err)
	}
	kongcompletion.Register(parser)
	parsed, err := parser.Parse(args)
	if err != nil {
		if negative := negativeAdvance(args); negative != nil {
			err = negative
		}
		err = usageError{hint.With(err, "see "+helpFor(err))}
		if len(args) > 0 && args[0] == "env" { // a shell evaluates what is printed, whatever the mistake
			err = errors.Join(err, (&envVerb{}).print(a, target.Nowhere(""), "", true))
		}
		return err
	}
	return parsed.Run(a)
}

// helpFor names the help that fits what could be understood of the command line.
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

// exitCode shows err, with its hint, and answers the exit code that it stands for.
func (a *app) exitCode(ctx context.Context, err error) int {
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
