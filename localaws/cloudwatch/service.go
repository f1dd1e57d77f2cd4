package cloudwatch

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// DefaultMaxMetrics is the most metrics of one account and region if Options set no
// limit.
const DefaultMaxMetrics = 20_000

// DefaultMaxBytes is the approximate limit of memory for the data of all metrics if
// Options set none. With the garbage collector's overhead, the process takes about
// twice as much.
const DefaultMaxBytes = 32 << 20

// Options configures a Service.
type Options struct {
	// Clock is the service clock. Required.
	Clock *clock.Clock
	// Store stores alarms and dashboards; nil stores nothing.
	Store *store.Store
	// Logger receives warnings; nil discards them.
	Logger *slog.Logger
	// MaxMetrics is the most metrics of one account and region. At the limit,
	// PutMetricData refuses new metrics, and Record drops them with a warning. 0
	// means DefaultMaxMetrics.
	MaxMetrics int
	// MaxBytes is the approximate limit of memory for the data of all metrics, in
	// bytes. At the limit, the largest metrics lose their percentiles, then their
	// oldest data. 0 means DefaultMaxBytes.
	MaxBytes int64
}

// Service is an embedded CloudWatch. Its methods are safe for concurrent use.
type Service struct {
	clock      *clock.Clock
	store      *store.Store
	log        *slog.Logger
	maxMetrics int
	maxBytes   int64

	levelCheckPending atomic.Bool  // NotifyActivity was called since the last level check
	lastLevelCheck    atomic.Int64 // when that was, in nanoseconds since 1970
	alarmCount        atomic.Int64

	mu                sync.Mutex // guards the fields below, and all that they refer to
	resources         map[awsapi.Scope]*resources
	dashboards        map[string]map[string]*dashboard // by account, by name
	samplers          []Sampler
	tick              *clock.Event // nil if none is scheduled
	tickKind          clock.Kind
	tickAt            time.Time
	warnedMaxMetrics  bool   // the limit of metrics was logged
	warnedMaxBytes    bool   // the limit of memory was logged
	recordsSinceCheck int    // since memory was last added up
	checkedSinceTick  bool   // there was a level check since the last tick
	samplingRound     uint64 // the last round of calls to samplers that began
	completedRound    uint64 // the last round that ended
	historySeq        uint64 // number of the last item of any alarm's history
	shortPeriods      int    // number of alarms with a period of less than a minute
}

// resources are the metrics and alarms of one scope.
type resources struct {
	metrics map[string]*metric // by appendMetricKey
	alarms  map[string]*alarm  // by name
}

// New returns a service with the state that the store holds.
func New(o Options) (*Service, error) {
	s := &Service{
		clock:      o.Clock,
		store:      o.Store,
		log:        o.Logger,
		maxMetrics: o.MaxMetrics,
		maxBytes:   o.MaxBytes,
		resources:  map[awsapi.Scope]*resources{},
		dashboards: map[string]map[string]*dashboard{},
	}

	if s.store == nil {
		s.store = store.Memory()
	}

	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}

	if s.maxMetrics <= 0 {
		s.maxMetrics = DefaultMaxMetrics
	}

	if s.maxBytes <= 0 {
		s.maxBytes = DefaultMaxBytes
	}

	if err := s.load(); err != nil {
		return nil, err
	}

	return s, nil
}

// resourcesIn returns the resources of a scope, which it creates if there are none.
// The caller holds mu.
func (s *Service) resourcesIn(scope awsapi.Scope) *resources {
	res := s.resources[scope]
	if res == nil {
		res = &resources{metrics: map[string]*metric{}, alarms: map[string]*alarm{}}
		s.resources[scope] = res
	}
	return res
}

// Reset removes all metrics, alarms and dashboards of an account and region. An
// empty string stands for all of them. Dashboards belong to no region: if a region
// is given, they stay.
func (s *Service) Reset(account, region string) error {
	s.mu.Lock()
	b := s.store.Batch()

	// Remove alarms and metrics.
	for scope, res := range s.resources {
		if !scope.Within(account, region) {
			continue
		}
		for _, a := range res.alarms {
			s.deleteAlarm(b, a)
		}
		delete(s.resources, scope)
	}

	// Remove dashboards.
	for owner, all := range s.dashboards {
		if account != "" && account != owner || region != "" {
			continue
		}
		for _, d := range all {
			b.Delete(dashboardTable, dashboardKey(owner, d.name))
		}
		delete(s.dashboards, owner)
	}

	commit := b.Apply()
	s.mu.Unlock()
	return commit.Wait()
}
