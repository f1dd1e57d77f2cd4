package lambda

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/process"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// startEnvironment starts an execution environment for v: a child process, or a Go
// handler where one is given.
func (s *Service) startEnvironment(k functionKey, v *version, handler sandbox.Handler, number int) (*environment, error) {
	session, err := s.assume(s.ctx, v.Role, k)
	if err != nil {
		return nil, errAccessDenied.With("%s", awsapi.AsError(err).Message)
	}

	host := s.sandboxHost(k, v, session, number)
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

	// A program that runs as another user cannot read below WorkDir.
	host.Isolation = s.isolation()
	if host.Isolation == process.OwnUserSharedFiles {
		temp, err := s.codeCache.share()
		if err != nil {
			return nil, errService.With("%v", err)
		}
		host.TempDir = filepath.Join(temp, filepath.Base(host.TempDir))
	}

	// The code stays in the cache until closeEnvironments releases it.
	s.codeCache.retain(v.code)
	child, err := s.startProcess(v, fn, host)
	if err != nil {
		s.codeCache.release(v.code)
		return nil, errService.With("%v", err)
	}
	return &environment{
		Environment: child,
		version:     v,
		code:        v.code,
		number:      number,
		expires:     session.Expires,
	}, nil
}

// sandboxHost describes what surrounds a new environment.
func (s *Service) sandboxHost(k functionKey, v *version, session Session, number int) *sandbox.Host {
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

	// A simulation without logs does not format log lines either.
	if s.opts.SimulatedDuration == nil || s.opts.Logs != nil {
		host.Write = s.logWriter(session.Caller, k, v.Logging.LogGroup, host.Stream)
	}
	return host
}

// startProcess unpacks the code of v and starts its program.
func (s *Service) startProcess(v *version, fn *sandbox.Function, host *sandbox.Host) (*sandbox.Process, error) {
	dir, err := s.codeCache.unpack(v.code)
	if err != nil {
		return nil, err
	}
	fn.Dir = dir
	fn.StartError = v.entrypointError(dir)
	return sandbox.NewProcess(fn, host)
}

// sandboxFunction describes a version to its environment.
func (s *Service) sandboxFunction(k functionKey, v *version) *sandbox.Function {
	return &sandbox.Function{
		Name:              k.name,
		Version:           v.number,
		ARN:               k.arn(),
		Region:            k.Region,
		Handler:           v.Handler,
		RuntimeVersionARN: runtimeVersionARN(k.Region, v.Runtime),
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

// logStreamName returns the name of an environment's log stream. In a log group other
// than the function's own it contains the function's name (LAM C74).
func logStreamName(name string, v *version, now time.Time, id string) string {
	prefix := ""
	if v.Logging.LogGroup != "/aws/lambda/"+name {
		prefix = name
	}
	return fmt.Sprintf("%s/%s[%s]%s", now.UTC().Format("2006/01/02"), prefix, v.number, id)
}

// logWriter returns the function that writes an environment's log. Lines that the role
// may not write are lost, as on AWS; the first loss is logged.
func (s *Service) logWriter(as awsapi.Caller, k functionKey, group, stream string) func([]sandbox.Line) {
	if s.opts.Logs == nil {
		return func([]sandbox.Line) {}
	}

	var once sync.Once
	return func(lines []sandbox.Line) {
		// The last lines of an environment are written after the service has begun to close.
		err := s.opts.Logs.Write(context.WithoutCancel(s.ctx), as, k.Region, group, stream, lines)
		if err != nil {
			once.Do(func() { s.opts.Logger.Warn("function log lost", "function", k.name, "group", group, "error", err) })
		}
	}
}
