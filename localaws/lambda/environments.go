package lambda

import (
	"errors"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// environmentSet is all execution environments of a service, guarded by its mu.
// Environments that call a Go handler in this process are not counted: they hold no
// child process.
type environmentSet struct {
	live    int                // environments with a child process, running or idle
	idle    []*environment     // idle ones with a child process, the longest idle first
	numbers environmentNumbers // of environments with a child process
	changed *sync.Cond         // on the service's mu: an environment became idle or ended
	closed  bool               // the service accepts no more invocations
}

// maxEnvironments bounds Options.MaxEnvironments.
const maxEnvironments = 1024

// environmentNumbers assigns a number to each environment with a child process. The
// user id that a program runs as depends on it, so no two live environments have the
// same number. Each service takes its numbers from a block that is chosen at random
// among a million: process ids do not tell servers apart that run in one process or
// in several containers.
type environmentNumbers struct {
	block int
	used  [maxEnvironments]bool
	last  int
}

// take returns a number that is not in use, starting after the last one returned, so
// that a number is not used again soon.
func (n *environmentNumbers) take() int {
	for range n.used {
		n.last = (n.last + 1) % len(n.used)
		if !n.used[n.last] {
			break
		}
	}

	n.used[n.last] = true
	return n.block*len(n.used) + n.last
}

// free makes a number available again.
func (n *environmentNumbers) free(number int) { n.used[number%len(n.used)] = false }

// pool is the idle environments of one version, the most recently used last.
type pool struct {
	idle    []*environment
	retired bool // the version was replaced or deleted
}

// environment is an execution environment of one version.
type environment struct {
	sandbox.Environment
	version   *version
	code      *code       // retained in the cache until the environment closes; nil for a Go handler
	number    int         // from environmentNumbers; 0 for a Go handler
	expires   time.Time   // when its credentials expire, in machine time; zero means never
	idleTimer *time.Timer // closes it; nil while it runs
}

// errClosed rejects invocations of a service that is shutting down.
var errClosed = errors.New("the embedded Lambda is shutting down")

// renewBefore is how long before its credentials expire an environment is replaced.
const renewBefore = 20 * time.Minute

// acquireEnvironment returns an idle environment of v, or starts one. While
// MaxEnvironments child processes live, it closes the environment that has been idle
// longest or waits until one becomes idle.
func (s *Service) acquireEnvironment(k functionKey, v *version) (*environment, error) {
	s.mu.Lock()
	handler := s.handlers[k.name]
	for {
		if s.ctx.Err() != nil {
			s.mu.Unlock()
			return nil, errClosed
		}

		// Reuse an idle environment of this version. One that is of the wrong kind or
		// whose credentials expire soon is closed, without the lock.
		if e := s.environments.takeIdle(&v.pool); e != nil {
			s.mu.Unlock()
			if e.usable(handler != nil) {
				return e, nil
			}
			s.closeEnvironments([]*environment{e})
			s.mu.Lock()
			continue
		}

		// Start another if the limit allows.
		if handler != nil || s.environments.live < s.opts.MaxEnvironments {
			break
		}

		// Make room by closing an idle environment of another version.
		if len(s.environments.idle) > 0 {
			oldest := s.environments.idle[0]
			s.environments.remove(oldest)
			s.mu.Unlock()

			s.closeEnvironments([]*environment{oldest})
			s.mu.Lock()
			continue
		}

		s.environments.changed.Wait()
	}

	// Count the new environment before the lock is released.
	number := 0
	if handler == nil {
		s.environments.live++
		number = s.environments.numbers.take()
	}
	s.mu.Unlock()

	e, err := s.startEnvironment(k, v, handler, number)
	if err != nil && handler == nil {
		s.mu.Lock()
		s.environmentEnded(number)
		s.mu.Unlock()
	}
	return e, err
}

// environmentEnded makes room for another environment with a child process. mu must be
// held.
func (s *Service) environmentEnded(number int) {
	s.environments.numbers.free(number)
	s.environments.live--
	s.environments.changed.Signal()
}

// usable reports whether an idle environment is of the kind that is wanted now, a Go
// handler or a child process, and its credentials do not expire soon.
func (e *environment) usable(inProcess bool) bool {
	return (e.code == nil) == inProcess && (e.expires.IsZero() || time.Until(e.expires) > renewBefore)
}

// releaseEnvironment makes an environment idle after an invocation, or closes it when
// its version was replaced meanwhile.
func (s *Service) releaseEnvironment(e *environment) {
	s.mu.Lock()
	p := &e.version.pool
	if p.retired || s.environments.closed {
		s.mu.Unlock()

		s.closeEnvironments([]*environment{e})
		return
	}

	p.idle = append(p.idle, e)
	if e.code != nil {
		s.environments.idle = append(s.environments.idle, e)
		e.idleTimer = time.AfterFunc(s.opts.IdleTimeout, func() { s.closeIdle(e) })
		s.environments.changed.Signal()
	}
	s.mu.Unlock()
}

// closeIdle closes an environment after IdleTimeout, unless it is in use again.
func (s *Service) closeIdle(e *environment) {
	s.mu.Lock()
	found := !s.environments.closed && s.environments.remove(e)
	if found {
		s.work.Add(1)
		defer s.work.Done()
	}
	s.mu.Unlock()

	if found {
		s.closeEnvironments([]*environment{e})
	}
}

// closeEnvironments closes environments that are in no pool. It must be called without
// mu: closing waits for child processes.
func (s *Service) closeEnvironments(list []*environment) {
	for _, e := range list {
		e.Close()
		if e.code == nil {
			continue
		}

		s.codeCache.release(e.code)
		s.mu.Lock()
		s.environmentEnded(e.number)
		s.mu.Unlock()
	}
}

// takeIdle removes the most recently used environment of p and returns it, or nil.
func (set *environmentSet) takeIdle(p *pool) *environment {
	if len(p.idle) == 0 {
		return nil
	}
	e := p.idle[len(p.idle)-1]
	set.remove(e)
	return e
}

// remove takes an idle environment out of its pool and reports whether it was there.
func (set *environmentSet) remove(e *environment) bool {
	if e.idleTimer != nil {
		e.idleTimer.Stop()
		e.idleTimer = nil
	}
	set.idle = without(set.idle, e)
	n := len(e.version.pool.idle)
	e.version.pool.idle = without(e.version.pool.idle, e)
	return len(e.version.pool.idle) < n
}

// drain empties a pool and returns what was in it.
func (set *environmentSet) drain(p *pool) []*environment {
	list := append([]*environment(nil), p.idle...)
	for _, e := range list {
		set.remove(e)
	}
	return list
}

// retire drains the pool of a version that starts no more invocations. Its running
// environments are closed when their invocations end (LAM C68).
func (set *environmentSet) retire(v *version) []*environment {
	v.pool.retired = true
	return set.drain(&v.pool)
}

// without returns list without e. It searches from the end, where the most recently
// used environments are.
func without(list []*environment, e *environment) []*environment {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == e {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}
