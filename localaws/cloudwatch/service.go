package cloudwatch

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// DefaultMaxMetrics is how many metrics an account has in a region where Options
// name no bound.
const DefaultMaxMetrics = 20_000

// DefaultMaxBytes is about how much memory the data of all metrics hold at most
// where Options name no bound. With what the garbage collector leaves they take
// twice that.
const DefaultMaxBytes = 32 << 20

// Options says what the service stands on.
type Options struct {
	// Clock is the service time. Required.
	Clock *clock.Clock
	// Chance is the source of all randomness. Nothing here needs it yet.
	Chance *chance.Source
	// Store keeps alarms and dashboards; nil keeps nothing.
	Store *store.Store
	// Logger gets warnings; nil discards them.
	Logger *slog.Logger
	// MaxMetrics bounds the metrics of one account and region: beyond it,
	// PutMetricData refuses new ones and Record drops them with a warning. 0
	// means DefaultMaxMetrics.
	MaxMetrics int
	// MaxBytes is about how much memory the data of all metrics may hold. Beyond
	// it the metrics that hold most lose their percentiles, then their oldest
	// data. 0 means DefaultMaxBytes.
	MaxBytes int64
}

// Service is an embedded CloudWatch. Its methods are safe for concurrent use.
type Service struct {
	clock      *clock.Clock
	store      *store.Store
	log        *slog.Logger
	maxMetrics int
	maxBytes   int64

	levelCheckPending atomic.Bool  // Active was called since the last look
	lastLevelCheck    atomic.Int64 // when that was, in nanoseconds since 1970
	alarmCount        atomic.Int64

	mu                sync.Mutex // guards all below and everything reached from it
	resources         map[scope]*resources
	dashboards        map[string]map[string]*dashboard // by account, by name
	samplers          []Sampler
	tick              *clock.Event // nil when none is booked
	tickKind          clock.Kind
	tickAt            time.Time
	warnedMaxMetrics  bool   // that metrics are dropped
	warnedMaxBytes    bool   // that data were dropped was logged
	recordsSinceCheck int    // data taken since memory was added up
	checkedSinceTick  bool   // there was a look since the last tick
	samplingRound     uint64 // the last asking of samplers that began
	completedRound    uint64 // the last that ended

	shortPeriods int // alarms with a period below a minute
}

// scope is where resources live.
type scope struct{ account, region string }

func scopeOf(c *awsapi.Call) scope { return scope{c.Account, c.Region} }

// resources holds the resources of one place.
type resources struct {
	metrics map[string]*metric // by key
	alarms  map[string]*alarm  // by name
}

// New makes a service with the state that the store holds.
func New(o Options) (*Service, error) {
	s := &Service{
		clock:      o.Clock,
		store:      o.Store,
		log:        o.Logger,
		maxMetrics: o.MaxMetrics,
		maxBytes:   o.MaxBytes,
		resources:  map[scope]*resources{},
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

// resourcesIn answers the shelf of a place, with mu held.
func (s *Service) resourcesIn(p scope) *resources {
	res := s.resources[p]
	if res == nil {
		res = &resources{metrics: map[string]*metric{}, alarms: map[string]*alarm{}}
		s.resources[p] = res
	}
	return res
}

// Reset removes all metrics, alarms and dashboards of an account and region; an
// empty string stands for all of them. Dashboards have no region: they stay where
// one is named.
func (s *Service) Reset(account, region string) error {
	s.mu.Lock()
	b := s.store.Batch()
	for p, res := range s.resources {
		if account != "" && account != p.account || region != "" && region != p.region {
			continue
		}
		for _, a := range res.alarms {
			s.deleteAlarm(b, a)
		}
		delete(s.resources, p)
	}

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
