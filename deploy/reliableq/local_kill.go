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

// reborn is how a server that a fault kills comes back: the process becomes the
// program anew, with nothing of its memory, at the same address and with the rules
// of faults that are left.
type reborn struct {
	app     *app
	logger  *slog.Logger
	claim   *daemon.Registration
	serving chan string // the address, once it is known and announced
}

// kill is localaws.Options.Kill. It does not return but when the process ends
// anyway.
func (r *reborn) kill(ctx context.Context, left []fault.Rule) {
	select {
	case addr := <-r.serving:
		r.logger.Warn("killed by a fault; starting again from the data directory")
		if err := r.again(addr, left); err != nil {
			fmt.Fprintf(r.app.errs, "error: start again after a fault of kind kill: %v\nhint: start it with reliableq local start\n", err)
			os.Exit(exitFailed) // what was killed must not go on
		}
	case <-ctx.Done():
	}
}

// again becomes the program that was started, with the address that it got.
func (r *reborn) again(addr string, left []fault.Rule) error {
	will, err := json.Marshal(left)
	if err != nil {
		return fmt.Errorf("encode the faults: %w", err)
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	return r.claim.Become(daemon.Command{Path: exe, Args: listeningOn(os.Args[1:], addr)}, will)
}

// listeningOn are arguments of this program with an address in the end, which is
// what counts.
func listeningOn(args []string, addr string) []string {
	last := []string{"--listen", addr}
	if n := len(args) - len(last); n >= 0 && slices.Equal(args[n:], last) {
		return args // from an earlier life
	}
	return slices.Concat(args, last)
}

// inherit takes over from the process that this one has been, or claims the folder.
func inherit(folder daemon.Folder) (*daemon.Registration, []fault.Rule, error) {
	claim, will, err := folder.Inherit()
	if err != nil {
		return nil, nil, err
	}
	if claim == nil {
		claim, err = folder.Claim()
		return claim, nil, err
	}
	var left []fault.Rule
	if err := json.Unmarshal(will, &left); err != nil {
		return nil, nil, fmt.Errorf("decode the faults that are left: %w", err)
	}
	return claim, left, nil
}
