package localaws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
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

// parts are the services of one server, and what they stand on.
type parts struct {
	chance     *chance.Source
	store      *store.Store
	times      *times
	dispatcher *awsapi.Dispatcher
	workDir    string
	tempDir    *tempdir.Dir // workDir, if it was made by us in the system's temporary folder

	iam        *iam.Service
	logs       *logs.Service
	cloudwatch *cloudwatch.Service
	sqs        *sqs.Service
	mappings   *mapping.Service
	control    *control.Handler
	lambda     *lambda.Service
}

// assemble makes the services and ties them together. Those that others need come
// first; mappings poll only once everything answers.
func (s *Server) assemble() (err error) {
	p := &parts{chance: chance.New(), dispatcher: &awsapi.Dispatcher{}}
	s.parts = p
	if s.opts.Seed != 0 {
		p.chance = chance.Seeded(s.opts.Seed)
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
	disk.Logger, disk.Crashable = s.opts.Logger, s.opts.Disk
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
			s.opts.Logger.Warn("cannot remove folders of servers that were killed", "error", err)
		}
		p.tempDir, err = tempdir.Make("")
		if err != nil {
			return fmt.Errorf("make a folder for functions: %w", err)
		}
		p.workDir = p.tempDir.Path()
		return nil
	}
	if err := os.MkdirAll(p.workDir, 0o700); err != nil {
		return fmt.Errorf("make the folder for functions: %w", err)
	}
	return nil
}

func (s *Server) makeServices() (err error) {
	p, o := s.parts, s.opts
	s.faults = fault.New(s.clock.Now, s.faultRandom())
	s.refuseKills()
	if err := s.faults.Resume(o.Faults); err != nil {
		return err
	}
	if p.iam, err = iam.New(iam.Options{Clock: s.clock, Chance: p.chance, Store: p.store, Account: o.Account}); err != nil {
		return fmt.Errorf("start iam: %w", err)
	}
	if p.logs, err = logs.New(logs.Options{Clock: s.clock, Chance: p.chance, Store: p.store, Logger: o.Logger, MaxBytes: o.MaxLogBytes}); err != nil {
		return fmt.Errorf("start logs: %w", err)
	}
	if p.cloudwatch, err = cloudwatch.New(cloudwatch.Options{Clock: s.clock, Store: p.store, Logger: o.Logger}); err != nil {
		return fmt.Errorf("start cloudwatch: %w", err)
	}
	queues := sqs.Options{
		Clock: s.clock, Chance: p.chance, Store: p.store, Observe: o.Observe, Changed: p.cloudwatch.NotifyActivity, Stray: o.Stray,
		Principals: s.principals(),
	}
	if p.sqs, err = sqs.New(queues); err != nil {
		return fmt.Errorf("start sqs: %w", err)
	}
	if err := s.makeLambda(); err != nil {
		return fmt.Errorf("start lambda: %w", err)
	}
	p.connectMetrics()
	p.dispatcher.Services = map[string]*awsapi.Service{}
	for _, api := range []*awsapi.Service{p.iam.API(), sts.New(p.iam).API(), p.logs.API(), p.cloudwatch.API(), p.sqs.API(), p.lambda.API()} {
		p.dispatcher.Services[api.Name] = p.guarded(api)
	}
	if !o.NoAuth {
		p.dispatcher.Authorize = p.iam.Authorize
	}
	s.faults.Restrict(p.faultOperations())
	p.dispatcher.Intercept = s.intercept
	return nil
}

// makeLambda makes functions and mappings, which know each other.
func (s *Server) makeLambda() (err error) {
	p, o := s.parts, s.opts
	q, metrics := &queues{server: s, sqs: p.sqs}, &functionMetrics{cloudwatch: p.cloudwatch}
	roles := &roles{iam: p.iam, any: o.NoAuth, account: o.Account}
	options := lambda.Options{
		Clock: s.clock, Chance: p.chance, Store: p.store, Logger: o.Logger, WorkDir: p.workDir,
		Roles: functionRoles{roles}, Principals: s.principals(), Queues: q, Endpoint: s.URL, Permit: s.permit, InjectFault: s.injectInvocation, SimulatedDuration: o.serialTime(),
		NoIsolation: o.NoIsolation, Hidden: append([]string{o.DataDir}, o.Hidden...),
	}
	if !o.NoTelemetry {
		options.Logs, options.Metrics = &functionLogs{server: s, logs: p.logs}, metrics
	}
	p.lambda, err = lambda.New(options)
	if err != nil {
		return err
	}
	p.mappings, err = mapping.New(mapping.Options{
		Clock: s.clock, Chance: p.chance, Store: p.store, Logger: o.Logger,
		Queues: q, Functions: &functions{p.lambda, s}, Roles: mappingRoles{roles}, Metrics: metrics,
	})
	if err != nil {
		return err
	}
	p.lambda.AttachMappings(p.mappings.Operations(), p.mappings)
	return nil
}

// connectMetrics has SQS sampled for CloudWatch, and logs read for metrics.
func (p *parts) connectMetrics() {
	p.cloudwatch.AddSampler(func(emit func(account, region string, d cloudwatch.Datum)) {
		p.sqs.Sample(func(m sqs.Sample) {
			emit(m.Account, m.Region, cloudwatch.Datum{
				Namespace: "AWS/SQS", Name: m.Metric, Dimensions: []cloudwatch.Dimension{{Name: "QueueName", Value: m.Queue}},
				Unit: m.Unit, Value: m.Value, Count: m.Count, Gauge: m.Gauge,
			})
		})
	})
	p.logs.OnMeasurement(func(account, region string, m logs.Measurement) {
		p.cloudwatch.Record(account, region, cloudwatch.Datum{
			Namespace: m.Namespace, Name: m.Name, Dimensions: dimensions(m.Dimensions), Unit: m.Unit, Time: m.Time, Value: m.Value,
		})
	})
	p.logs.OnEvents(func(account, region, group, _ string, events []logs.Event) {
		for _, e := range events {
			p.cloudwatch.RecordEMF(account, region, e.Message, e.Time)
		}
	})
}

func (s *Server) makeGateway() error {
	p, o := s.parts, s.opts
	s.operator = p.iam.Operator()
	p.control = s.makeControl()
	g, err := gateway.New(gateway.Options{
		Dispatcher: p.dispatcher, Identity: p.iam.Credential, Clock: s.clock, Chance: p.chance, Hosts: hostsOf(o.Addr),
		Account: o.Account, Region: o.Region, NoAuth: o.NoAuth, Logger: o.Logger, Extra: s.extra(), Record: s.record(),
	})
	if err != nil {
		return fmt.Errorf("make the endpoint: %w", err)
	}
	s.gateway, s.handler = g, g
	return nil
}

// hostsOf returns the host that an address to listen on names, if it is one that
// clients can call: no host, 0.0.0.0 and :: stand for all addresses.
func hostsOf(addr string) []string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || host == "" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && (ip.IsUnspecified() || ip.Is4In6()) {
		return nil
	}
	return []string{strings.ToLower(strings.TrimSuffix(host, "."))}
}

// record is where exchanges are written down, or nil.
func (s *Server) record() *record.Log {
	if s.opts.Record == nil {
		return nil
	}
	return record.New(s.opts.Record)
}

// Transport carries requests to this server in memory, for HTTP clients that need
// no socket. It works inside a testing/synctest bubble.
func (s *Server) Transport() http.RoundTripper { return gateway.Transport(s.handler) }

// close ends the services, those first that call others.
func (p *parts) close(ctx context.Context) error {
	p.mappings.Close()
	errs := []error{p.lambda.Close(ctx), p.times.last(), p.store.Close()}
	if p.tempDir != nil {
		errs = append(errs, p.tempDir.Remove())
	}
	return errors.Join(errs...)
}
