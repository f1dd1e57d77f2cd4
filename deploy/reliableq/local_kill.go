package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/localaws/fault"
)

// restarter restarts a server that a fault of kind kill ends: it replaces the process
// by the same program, which has none of its memory, at the same address and with the
// fault rules that are left.
type restarter struct {
	app     *app
	logger  *slog.Logger
	claim   *daemon.Registration
	serving chan string // receives the address once it is announced
}

// kill is localaws.Options.Kill. It returns only when the process is already ending.
func (r *restarter) kill(ctx context.Context, left []fault.Rule) {
	select {
	case addr := <-r.serving:
		r.logger.Warn("killed by an injected fault; restarting from the data directory")
		if err := r.restart(addr, left); err != nil {
			fmt.Fprintf(r.app.errs, "error: cannot restart after a fault of kind kill: %v\nhint: start it with reliableq local start\n", err)
			os.Exit(exitFailed) // a killed server must not go on
		}
	case <-ctx.Done():
	}
}

// restart replaces this process by its program, which listens at addr again. It
// returns only an error.
func (r *restarter) restart(addr string, left []fault.Rule) error {
	state, err := json.Marshal(left)
	if err != nil {
		return fmt.Errorf("encode the faults: %w", err)
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	return r.claim.Replace(daemon.Command{Path: exe, Args: listeningOn(os.Args[1:], addr)}, state)
}

// listeningOn returns arguments of this program with an address appended: the last
// --listen wins.
func listeningOn(args []string, addr string) []string {
	last := []string{"--listen", addr}
	if n := len(args) - len(last); n >= 0 && slices.Equal(args[n:], last) {
		return args // this process was restarted before
	}
	return slices.Concat(args, last)
}

// claimOrResume claims the state directory. In a process that was restarted it resumes
// the claim of its predecessor, and returns the predecessor's fault rules.
func claimOrResume(folder daemon.Folder) (*daemon.Registration, []fault.Rule, error) {
	// Only a process that was restarted has a claim to resume.
	claim, state, err := folder.Resume()
	if err != nil {
		return nil, nil, err
	}

	if claim == nil {
		claim, err = folder.Claim()
		return claim, nil, err
	}

	var left []fault.Rule
	if err := json.Unmarshal(state, &left); err != nil {
		return nil, nil, fmt.Errorf("decode the faults that are left: %w", err)
	}

	return claim, left, nil
}
