package localaws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/cloudwatch"
	"github.com/reliableq/reliableq/localaws/control"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/gateway"
	"github.com/reliableq/reliableq/localaws/gateway/record"
	"github.com/reliableq/reliableq/localaws/iam"
	"github.com/reliableq/reliableq/localaws/internal/tempdir"
	"github.com/reliableq/reliableq/localaws/lambda"
	"github.com/reliableq/reliableq/localaws/lambda/mapping"
	"github.com/reliableq/reliableq/localaws/logs"
	"github.com/reliableq/reliableq/localaws/sqs"
	"github.com/reliableq/reliableq/localaws/store"
	"github.com/reliableq/reliableq/localaws/sts"
)

// parts are the services of one server, and what they share.
type parts struct {
	random     *chance.Source
	store      *store.Store
	time       *timeKeeper
	dispatcher *awsapi.Dispatcher
	workDir    string
	tempDir    *tempdir.Dir // workDir, if it is a temporary directory of this server

	iam        *iam.Service
	logs       *logs.Service
	cloudwatch *cloudwatch.Service
	sqs        *sqs.Service
	mappings   *mapping.Service
	control    *control.Handler
	lambda     *lambda.Service
}

// assemble makes the services and connects them. Services that others need come
// first; mappings receive messages only when everything is ready.
func (s *Server) assemble() (err error) {
	p := &parts{
		random:     chance.New(),
		dispatcher: &awsapi.Dispatcher{},
	}
	s.parts = p
	if s.opts.Seed != 0 {
		p.random = chance.Seeded(s.opts.Seed)
	}

	if p.store, err = s.openStore(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.store.Close())
		}
	}()

	if err := s.startClock(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.clock.Close()
		}
	}()

	if err := s.openWorkDir(); err != nil {
		return err
	}
	defer func() {
		if err != nil && p.tempDir != nil {
			err = errors.Join(err, p.tempDir.Remove())
		}
	}()

	if err := s.makeServices(); err != nil {
		return err
	}
	if err := s.makeGateway(); err != nil {
		return err
	}

	p.mappings.Start()
	return nil
}

func (s *Server) openStore() (*store.Store, error) {
	if s.opts.DataDir == "" {
		return store.Memory(), nil
	}

	disk := s.opts.disk
	disk.Logger = s.opts.Logger
	disk.Crashable = s.opts.Disk
	st, err := store.Open(filepath.Join(s.opts.DataDir, "store"), disk)
	if err != nil {
		return nil, fmt.Errorf("open the data directory: %w", err)
	}
	return st, nil
}

func (s *Server) openWorkDir() (err error) {
	p := s.parts
	switch {
	case s.opts.WorkDir != "":
		p.workDir = s.opts.WorkDir
	case s.opts.DataDir != "":
		p.workDir = filepath.Join(s.opts.DataDir, "functions")
	default:
		// Servers that were killed could not remove theirs.
		if err := tempdir.RemoveStale(); err != nil {
			s.opts.Logger.Warn("cannot remove directories of servers that were killed", "error", err)
		}
		p.tempDir, err = tempdir.Make("")
		if err != nil {
			return fmt.Errorf("create a directory for functions: %w", err)
		}
		p.workDir = p.tempDir.Path()
		return nil
	}

	if err := os.MkdirAll(p.workDir, 0o700); err != nil {
		return fmt.Errorf("create the directory for functions: %w", err)
	}
	return nil
}

// makeServices makes the services and registers them with the dispatcher.
func (s *Server) makeServices() (err error) {
	p := s.parts
	o := s.opts

	// Faults come first: a service with stored work may begin it at once.
	s.faults = fault.New(s.clock.Now, s.faultRandom())
	s.refuseKills()
	if err := s.faults.Restore(o.Faults); err != nil {
		return err
	}

	p.iam, err = iam.New(iam.Options{
		Clock:   s.clock,
		Chance:  p.random,
		Store:   p.store,
		Account: o.Account,
	})
	if err != nil {
		return fmt.Errorf("start iam: %w", err)
	}

	p.logs, err = logs.New(logs.Options{
		Clock:    s.clock,
		Chance:   p.random,
		Store:    p.store,
		Logger:   o.Logger,
		MaxBytes: o.MaxLogBytes,
	})
	if err != nil {
		return fmt.Errorf("start logs: %w", err)
	}

	p.cloudwatch, err = cloudwatch.New(cloudwatch.Options{
		Clock:  s.clock,
		Store:  p.store,
		Logger: o.Logger,
	})
	if err != nil {
		return fmt.Errorf("start cloudwatch: %w", err)
	}

	p.sqs, err = sqs.New(sqs.Options{
		Clock:      s.clock,
		Chance:     p.random,
		Store:      p.store,
		Principals: s.principals(),
		Changed:    p.cloudwatch.NotifyActivity,
		Observe:    o.Observe,
		Stray:      o.Stray,
	})
	if err != nil {
		return fmt.Errorf("start sqs: %w", err)
	}
	if err := s.makeLambda(); err != nil {
		return fmt.Errorf("start lambda: %w", err)
	}

	p.connectMetrics()
	s.fillDispatcher(p.iam.API(), sts.New(p.iam).API(), p.logs.API(), p.cloudwatch.API(), p.sqs.API(), p.lambda.API())
	s.faults.Restrict(p.faultOperations())
	return nil
}

// fillDispatcher registers the operations of services.
func (s *Server) fillDispatcher(apis ...*awsapi.Service) {
	d := s.parts.dispatcher
	d.Services = map[string]*awsapi.Service{}
	for _, api := range apis {
		d.Services[api.Name] = s.parts.guarded(api)
	}
	if !s.opts.NoAuth {
		d.Authorize = s.parts.iam.Authorize
	}
	d.Intercept = s.intercept
}

// makeLambda makes functions and mappings, which call each other.
func (s *Server) makeLambda() (err error) {
	p := s.parts
	o := s.opts
	queues := &queues{server: s, sqs: p.sqs}
	metrics := &functionMetrics{cloudwatch: p.cloudwatch}
	roles := &roles{iam: p.iam, noAuth: o.NoAuth}

	options := lambda.Options{
		Clock:             s.clock,
		Chance:            p.random,
		Store:             p.store,
		Logger:            o.Logger,
		WorkDir:           p.workDir,
		Roles:             functionRoles{roles},
		Principals:        s.principals(),
		Queues:            queues,
		Endpoint:          s.URL,
		Permit:            s.permit,
		InjectFault:       s.injectInvocation,
		SimulatedDuration: o.serialTime(),
		NoIsolation:       o.NoIsolation,
		Hidden:            append([]string{o.DataDir}, o.Hidden...),
	}
	if !o.NoTelemetry {
		options.Logs = &functionLogs{server: s, logs: p.logs}
		options.Metrics = metrics
	}

	p.lambda, err = lambda.New(options)
	if err != nil {
		return err
	}

	p.mappings, err = mapping.New(mapping.Options{
		Clock:     s.clock,
		Chance:    p.random,
		Store:     p.store,
		Logger:    o.Logger,
		Queues:    queues,
		Functions: &functions{p.lambda, s},
		Roles:     mappingRoles{roles},
		Metrics:   metrics,
	})
	if err != nil {
		return err
	}

	p.lambda.AttachMappings(p.mappings.Operations(), p.mappings)
	return nil
}

func (s *Server) makeGateway() error {
	p := s.parts
	o := s.opts
	s.operator = p.iam.Operator()
	p.control = s.makeControl()

	g, err := gateway.New(gateway.Options{
		Dispatcher: p.dispatcher,
		Identity:   p.iam.Credential,
		Clock:      s.clock,
		Chance:     p.random,
		Hosts:      acceptedHosts(o.Addr),
		Account:    o.Account,
		Region:     o.Region,
		NoAuth:     o.NoAuth,
		Logger:     o.Logger,
		Extra:      s.extra(),
		Record:     s.record(),
	})
	if err != nil {
		return fmt.Errorf("make the endpoint: %w", err)
	}

	s.gateway = g
	return nil
}

// acceptedHosts returns the host name of the listen address addr, which the gateway then
// accepts in Host headers. It returns none if addr stands for all addresses of the
// machine (an empty host, 0.0.0.0 or ::): clients send another name then.
func acceptedHosts(addr string) []string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || host == "" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && (ip.IsUnspecified() || ip.Is4In6()) {
		return nil
	}
	return []string{strings.ToLower(strings.TrimSuffix(host, "."))}
}

// record returns the log of requests and responses, or nil.
func (s *Server) record() *record.Log {
	if s.opts.Record == nil {
		return nil
	}
	return record.New(s.opts.Record)
}

// close ends the services; those that call others come first.
func (p *parts) close(ctx context.Context) error {
	p.mappings.Close()
	// Evaluated in this sequence: functions may still store something while they end.
	errs := []error{
		p.lambda.Close(ctx),
		p.time.saveFinal(),
		p.store.Close(),
	}
	if p.tempDir != nil {
		errs = append(errs, p.tempDir.Remove())
	}
	return errors.Join(errs...)
}
