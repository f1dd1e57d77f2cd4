package lambda

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/process"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// environmentSet is all environments of a service, guarded by its mu. Environments that
// call a Go value cost nothing and are not counted.
type environmentSet struct {
	live    int                // child environments, running or idle
	idle    []*environment     // child environments that wait, longest first
	numbers environmentNumbers // of child environments
	changed *sync.Cond         // on the service's mu: an environment was let go
	closed  bool               // no invocations any more
}

// maxEnvironments bounds Options.MaxEnvironments.
const maxEnvironments = 1024

// environmentNumbers gives out the numbers of child environments. Two that live at the same
// time have different ones, because their user ids depend on it. Each service takes
// its numbers from a block of its own, chosen at random among a million: process ids
// do not tell servers apart that run in one process or in several containers.
type environmentNumbers struct {
	block int
	used  [maxEnvironments]bool
	last  int
}

// take returns a number that is not in use, the one that has been free for the
// longest time if environments end in the order in which they began.
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

func (n *environmentNumbers) free(number int) { n.used[number%len(n.used)] = false }

// pool is the idle environments of one version, the one used last at the end.
type pool struct {
	idle    []*environment
	retired bool // the version was replaced or deleted
}

// environment is an environment and what belongs to it.
type environment struct {
	sandbox.Environment
	version   *version
	code      *code       // in use until the environment closes; nil in process
	number    int         // of a child environment
	expires   time.Time   // of its credentials, machine time; zero for never
	idleTimer *time.Timer // while idle
}

// errClosed refuses invocations of a service that ends.
var errClosed = errors.New("the embedded Lambda is shutting down")

// renewBefore is how long before its credentials end an environment is replaced.
const renewBefore = 20 * time.Minute

// acquireEnvironment takes a warm environment of v or makes one, waiting for a place where
// too many processes live.
func (s *Service) acquireEnvironment(k functionKey, v *version) (*environment, error) {
	s.mu.Lock()
	handler := s.handlers[k.name]
	for {
		if s.ctx.Err() != nil {
			s.mu.Unlock()
			return nil, errClosed
		}

		if w := s.environments.takeIdle(&v.pool); w != nil {
			s.mu.Unlock()
			if w.usable(handler != nil) {
				return w, nil
			}
			s.closeEnvironments([]*environment{w})
			s.mu.Lock()
			continue
		}

		if handler != nil || s.environments.live < s.opts.MaxEnvironments {
			break
		}

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

	number := 0
	if handler == nil {
		s.environments.live++
		number = s.environments.numbers.take()
	}

	s.mu.Unlock()
	w, err := s.startEnvironment(k, v, handler, number)
	if err != nil && handler == nil {
		s.mu.Lock()
		s.environmentEnded(number)
		s.mu.Unlock()
	}

	return w, err
}

// environmentEnded makes room for another child environment. mu must be held.
func (s *Service) environmentEnded(number int) {
	s.environments.numbers.free(number)
	s.environments.live--
	s.environments.changed.Signal()
}

// usable reports whether an idle environment is still good: of the kind that is
// wanted now, and with credentials that last.
func (w *environment) usable(inProcess bool) bool {
	return (w.code == nil) == inProcess && (w.expires.IsZero() || time.Until(w.expires) > renewBefore)
}

// releaseEnvironment gives an environment back after an invocation.
func (s *Service) releaseEnvironment(w *environment) {
	s.mu.Lock()
	p := &w.version.pool
	if p.retired || s.environments.closed {
		s.mu.Unlock()
		s.closeEnvironments([]*environment{w})
		return
	}

	p.idle = append(p.idle, w)
	if w.code != nil {
		s.environments.idle = append(s.environments.idle, w)
		w.idleTimer = time.AfterFunc(s.opts.IdleTimeout, func() { s.closeIdle(w) })
		s.environments.changed.Signal()
	}

	s.mu.Unlock()
}

// closeIdle closes an environment that nobody has used for a while.
func (s *Service) closeIdle(w *environment) {
	s.mu.Lock()
	found := !s.environments.closed && s.environments.remove(w)
	if found {
		s.work.Add(1)
		defer s.work.Done()
	}
	s.mu.Unlock()
	if found {
		s.closeEnvironments([]*environment{w})
	}
}

// closeEnvironments closes environments that are in no pool. It must be called without mu.
func (s *Service) closeEnvironments(list []*environment) {
	for _, w := range list {
		w.Close()
		if w.code == nil {
			continue
		}
		s.codeCache.release(w.code)
		s.mu.Lock()
		s.environmentEnded(w.number)
		s.mu.Unlock()
	}
}

// takeIdle removes the environment of p that was used last, or answers nil.
func (f *environmentSet) takeIdle(p *pool) *environment {
	if len(p.idle) == 0 {
		return nil
	}
	w := p.idle[len(p.idle)-1]
	f.remove(w)
	return w
}

// remove takes an idle environment out of its pool, and reports whether it was
// there.
func (f *environmentSet) remove(w *environment) bool {
	if w.idleTimer != nil {
		w.idleTimer.Stop()
		w.idleTimer = nil
	}
	f.idle = without(f.idle, w)
	n := len(w.version.pool.idle)
	w.version.pool.idle = without(w.version.pool.idle, w)
	return len(w.version.pool.idle) < n
}

// drain empties a pool and answers what was in it.
func (f *environmentSet) drain(p *pool) []*environment {
	list := append([]*environment(nil), p.idle...)
	for _, w := range list {
		f.remove(w)
	}
	return list
}

// retire drains the pool of a version that is used no more.
func (f *environmentSet) retire(v *version) []*environment {
	v.pool.retired = true
	return f.drain(&v.pool)
}

func without(list []*environment, w *environment) []*environment {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == w {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}

// startEnvironment makes an environment for v.
func (s *Service) startEnvironment(k functionKey, v *version, handler sandbox.Handler, number int) (*environment, error) {
	session, err := s.assume(s.ctx, v.Role, k)
	if err != nil {
		return nil, errAccessDenied.With("%s", awsapi.AsError(err).Message)
	}

	id := s.opts.Chance.Hex(32)
	host := &sandbox.Host{
		Stream:      logStreamName(k.name, v, s.opts.Clock.Now(), id),
		TempDir:     filepath.Join(s.codeCache.dir, "tmp", id),
		Endpoint:    s.opts.Endpoint(),
		Credentials: session.Credentials,
		Children:    &s.children,
		Hidden:      append([]string{s.opts.WorkDir}, s.opts.Hidden...),
		Number:      uint32(number),
		Path:        s.opts.Path,
		Now:         s.opts.Clock.Now,
	}

	host.Write = s.logWriter(session.Caller, k, v.Logging.LogGroup, host.Stream)
	if s.opts.SimulatedDuration != nil && s.opts.Logs == nil {
		host.Write = nil
	}

	fn := s.sandboxFunction(k, v)
	if names := sandbox.Replaced(fn.Variables); len(names) > 0 {
		s.opts.Logger.Warn("environment variables of a function are replaced: its calls stay in the embedded AWS", "function", k.name, "variables", names)
	}

	fn.Timeout = s.environmentTimeout(handler != nil, fn.Timeout)
	if handler != nil {
		return &environment{
			Environment: sandbox.NewInProcess(fn, host, handler),
			version:     v,
			expires:     session.Expires,
		}, nil
	}

	host.Isolation = s.isolation()
	if host.Isolation == process.OwnUserSharedFiles {
		temp, err := s.codeCache.share()
		if err != nil {
			return nil, errService.With("%v", err)
		}
		host.TempDir = filepath.Join(temp, id)
	}

	s.codeCache.retain(v.code)
	env, err := s.startProcess(v, fn, host)
	if err != nil {
		s.codeCache.release(v.code)
		return nil, errService.With("%v", err)
	}

	return &environment{
		Environment: env,
		version:     v,
		code:        v.code,
		number:      number,
		expires:     session.Expires,
	}, nil
}

func (s *Service) startProcess(v *version, fn *sandbox.Function, host *sandbox.Host) (env *sandbox.Process, err error) {
	if fn.Dir, err = s.codeCache.unpack(v.code); err != nil {
		return nil, err
	}
	fn.Refusal = v.entrypointError(fn.Dir)
	return sandbox.NewProcess(fn, host)
}

// sandboxFunction is a version as its environment knows it.
func (s *Service) sandboxFunction(k functionKey, v *version) *sandbox.Function {
	return &sandbox.Function{
		Name:              k.name,
		Version:           v.number,
		ARN:               k.arn(),
		Region:            k.region,
		Handler:           v.Handler,
		RuntimeVersionARN: runtimeVersionARN(k.region, v.Runtime),
		MemoryMB:          v.MemorySize,
		Timeout:           seconds(v.Timeout),
		InitTimeout:       s.opts.InitTimeout,
		Variables:         v.Environment,
		LogGroup:          v.Logging.LogGroup,
		Format: sandbox.Format{
			JSON:        v.Logging.LogFormat == "JSON",
			Application: v.Logging.ApplicationLogLevel,
			System:      v.Logging.SystemLogLevel,
		},
	}
}

// logStreamName is that of an environment's log (LAM C74).
func logStreamName(name string, v *version, now time.Time, id string) string {
	own := ""
	if v.Logging.LogGroup != "/aws/lambda/"+name {
		own = name
	}
	return fmt.Sprintf("%s/%s[%s]%s", now.UTC().Format("2006/01/02"), own, v.number, id)
}

// logWriter makes the function that writes an environment's log. What the role
// may not write is lost, and said once.
func (s *Service) logWriter(as awsapi.Caller, k functionKey, group, stream string) func([]sandbox.Line) {
	if s.opts.Logs == nil {
		return func([]sandbox.Line) {}
	}
	var once sync.Once
	return func(lines []sandbox.Line) {
		err := s.opts.Logs.Write(context.WithoutCancel(s.ctx), as, k.region, group, stream, lines)
		if err != nil {
			once.Do(func() { s.opts.Logger.Warn("function log lost", "function", k.name, "group", group, "error", err) })
		}
	}
}
