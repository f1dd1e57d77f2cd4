package localaws

import (
	"context"
	"errors"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// refuseKills has the server refuse faults of kind kill where nobody brings it
// back, or where nothing would be left of it.
func (s *Server) refuseKills() {
	switch {
	case s.opts.Kill == nil:
		s.faults.Refuse(fault.Kill, "this server runs inside a program that does not bring it back (Options.Kill is not set); "+
			"kill one of the command's: reliableq local run --data-dir DIR")
	case s.opts.DataDir == "":
		s.faults.Refuse(fault.Kill, "this server keeps its state in memory, and nothing would be left of it; give it a data directory (--data-dir DIR)")
	}
}

// Kill ends this server as kill -9 ends a process, at once: nothing is written any
// more, the clock stands still, no call is answered, the programs of functions are
// killed. Then it calls Options.Kill, which may end the process. Where it does
// not, the owner still owes an [Server.Abandon]. It may be called from a callback of
// the clock and by faults. A second call does nothing, and nor does one without
// Options.Kill.
func (s *Server) Kill() {
	if s.opts.Kill == nil || !s.killed.CompareAndSwap(false, true) {
		return
	}
	if err := s.parts.store.Abandon(); err != nil {
		s.opts.Logger.Error("the store cannot be left as a kill leaves it", "error", err)
	}
	s.clock.Halt()
	s.parts.lambda.Kill()
	s.opts.Kill(s.faults.List())
}

// Abandon lets go of what a server holds that was killed, and puts nothing in
// order: what its store had in line is all that is left. It waits for a callback of
// the clock that is running.
func (s *Server) Abandon() error {
	s.Kill()
	s.clock.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.ended.Do(func() {
		// What is under way is cut off, and that is no error here.
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

// killAt carries out a fault of kind kill at a call.
func (s *Server) killAt(r fault.Rule, next func() (any, error)) {
	if r.When == fault.After || r.When == "" && s.faults.IntN(2) == 0 {
		_, _ = next() // whatever it would have answered
	}
	s.Kill()
}
