package localaws

import (
	"context"
	"errors"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// refuseKills refuses faults of kind kill for a server that is not restarted
// afterwards, or that would have no state then.
func (s *Server) refuseKills() {
	switch {
	case s.opts.Kill == nil:
		s.faults.Refuse(fault.Kill, "this server runs inside a program that does not restart it (Options.Kill is not set); "+
			"kill one of the command's: reliableq local run --data-dir DIR")
	case s.opts.DataDir == "":
		s.faults.Refuse(fault.Kill, "this server has its state in memory, and would lose all of it; give it a data directory (--data-dir DIR)")
	}
}

// Kill ends this server at once, as kill -9 ends a process: nothing more is
// written, the clock stands still, no call gets a response, the programs of functions
// are killed. Then it calls Options.Kill, which may end the process. If that returns,
// the owner must call [Server.Abandon]. Kill can be called from a callback of the
// clock and by faults. It does nothing on a second call, or without Options.Kill.
func (s *Server) Kill() {
	if s.opts.Kill == nil || !s.killed.CompareAndSwap(false, true) {
		return
	}
	// The store first: nothing that happens from here on may become durable.
	if err := s.parts.store.Abandon(); err != nil {
		s.opts.Logger.Error("cannot abandon the store", "error", err)
	}
	s.clock.Halt()
	s.parts.lambda.Kill()
	s.opts.Kill(s.faults.List())
}

// Abandon releases the resources of a server that was killed, without a clean
// shutdown: what was not passed to its store is lost. It waits for a callback of the
// clock that is running.
func (s *Server) Abandon() error {
	s.Kill()
	s.clock.Close()
	// A context that has ended: shutdown waits for nothing.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.end.Do(func() {
		// Requests and invocations in progress are cut off, which is no error here.
		if err := s.shutdown(ctx); !errors.Is(err, context.Canceled) {
			s.endErr = err
		}
	})

	return s.endErr
}

// killable performs a call of a server that may be killed. A call that was in progress
// at that time gets no response, and a handler that made it ends.
func (s *Server) killable(ctx context.Context, call func() (any, error)) (any, error) {
	if !s.killed.Load() {
		out, err := call()
		if !s.killed.Load() {
			return out, err
		}
	}
	sandbox.Exit(ctx)
	return nil, awsapi.ErrResponseLost
}

// killAt injects a fault of kind kill into a call.
func (s *Server) killAt(r fault.Rule, next func() (any, error)) {
	if r.When == fault.After || r.When == "" && s.faults.IntN(2) == 0 {
		_, _ = next() // the call has no response, whatever its result
	}
	s.Kill()
}
