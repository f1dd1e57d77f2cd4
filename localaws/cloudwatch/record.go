package cloudwatch

import (
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// Datum is a value of a metric.
type Datum struct {
	// Namespace is the metric's namespace, such as AWS/SQS.
	Namespace string
	// Name is the metric's name.
	Name string
	// Dimensions are part of the metric's identity, in any order. They are not
	// retained.
	Dimensions []Dimension
	// Unit is a CloudWatch unit, such as Count or Milliseconds; empty means
	// None.
	Unit string
	// Time is when the value was measured; zero means now.
	Time time.Time
	// Value is the value.
	Value float64
	// Count is how often the value occurred; 0 means once.
	Count float64
	// Gauge marks a level, as opposed to a count of events. A level does not make a
	// skipping clock skip (see the package comment).
	Gauge bool
	// HighResolution stores the datum with a resolution of one second.
	HighResolution bool
}

// Sampler emits the current metrics of a service: counts since the last call, and
// levels as of now. It is called without a lock, possibly by several goroutines at
// once, and calls emit for each datum. A datum without Time belongs to the minute
// that is ending, or to the current one if the call precedes a read.
type Sampler func(emit func(account, region string, d Datum))

// AddSampler adds a sampler, which is called every minute of service time and
// before every read of metrics. Call it before the service is used.
func (s *Service) AddSampler(f Sampler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samplers = append(s.samplers, f)
	s.scheduleTick(clock.Upkeep)
}

// Record adds a datum. A count is also activity that samples will show, so Record
// calls NotifyActivity for it: an invocation, for example, moves messages.
func (s *Service) Record(account, region string, d Datum) {
	activity := !d.Gauge && d.Value != 0
	if activity {
		s.NotifyActivity()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record(awsapi.Scope{Account: account, Region: region}, d, activity)
}

// record adds a datum. activity is set if it counts something that happened: a
// skipping clock then stops at the next evaluation of the metric's alarms. The caller
// holds mu.
func (s *Service) record(scope awsapi.Scope, d Datum, activity bool) {
	m := s.metricFor(scope, d.Namespace, d.Name, d.Dimensions)
	if m == nil {
		if !s.warnedMaxMetrics {
			s.warnedMaxMetrics = true
			s.log.Warn("metrics reached their limit: dropping data of new metrics", "max_metrics", s.maxMetrics, "metric", d.Namespace+" "+d.Name)
		}
		return
	}

	if d.Time.IsZero() {
		d.Time = s.clock.Now()
	}

	if d.Count == 0 {
		d.Count = 1
	}

	s.bucketFor(m, d.Unit, d.Time, d.HighResolution).add(d.Value, d.Count)
	s.notifyAlarms(m, activity)
}

// metricFor returns a metric, which it creates if there is none, or nil if the
// scope has reached the limit of metrics. The caller holds mu.
func (s *Service) metricFor(scope awsapi.Scope, namespace, name string, dimensions []Dimension) *metric {
	res := s.resourcesIn(scope)
	if m := res.findMetric(namespace, name, dimensions); m != nil {
		return m
	}
	if len(res.metrics) >= s.maxMetrics {
		return nil
	}
	m := res.ensureMetric(namespace, name, dimensions)
	s.recordsSinceCheck += int(m.memory() / bytesPerRecord)
	return m
}

// bucketFor returns the bucket for a datum of the metric. The caller holds mu.
func (s *Service) bucketFor(m *metric, unit string, at time.Time, highResolution bool) *bucket {
	if unit == "" {
		unit = noUnit
	}
	now := s.clock.Now().Unix()
	m.lastSeen = now
	s.limitMemory(m)
	sr := m.seriesFor(unit)
	sr.compact(now)
	return sr.bucketAt(at.Unix(), highResolution)
}

// notifyAlarms has the alarms on a metric evaluated after a datum was added.
// See record for activity. The caller holds mu.
func (s *Service) notifyAlarms(m *metric, activity bool) {
	for _, a := range m.watchers {
		a.idle = false
		kind := clock.Upkeep
		if activity {
			a.lastActivity = s.clock.Now()
			kind = clock.Transition
		}
		s.scheduleTick(kind)
	}
}

// takeSamples calls the samplers. A datum without a time gets at.
//
// A level check (see NotifyActivity) happens at any time. It only notes the current value
// of gauges and records no datum for them, so that statistics see each level once a
// minute. Counts are reported once, so they are always recorded.
func (s *Service) takeSamples(at time.Time, levelCheck bool) {
	s.mu.Lock()
	samplers := s.samplers
	s.samplingRound++
	round := s.samplingRound
	s.mu.Unlock()

	// Samplers take the locks of their services, so they run without mu.
	for _, sampler := range samplers {
		sampler(func(account, region string, d Datum) {
			if d.Time.IsZero() {
				d.Time = at
			}

			s.mu.Lock()
			defer s.mu.Unlock()

			scope := awsapi.Scope{Account: account, Region: region}
			if d.Gauge {
				s.recordLevel(scope, d, round, levelCheck)
			}

			if !d.Gauge || !levelCheck {
				s.record(scope, d, !d.Gauge && d.Value != 0)
			}
		})
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	s.completedRound = max(s.completedRound, round)
}

// recordLevel notes the value of a gauge. In a level check, a changed value counts
// as activity for alarms on expressions, because their settled state is not
// predicted. The caller holds mu.
func (s *Service) recordLevel(scope awsapi.Scope, d Datum, round uint64, levelCheck bool) {
	m := s.metricFor(scope, d.Namespace, d.Name, d.Dimensions)
	if m == nil {
		return
	}

	if levelCheck && (m.level.round == 0 || m.level.value != d.Value) {
		for _, a := range m.watchers {
			if len(a.query.expressions) > 0 {
				a.lastActivity = s.clock.Now()
				a.idle = false
			}
		}
	}

	m.level = level{d.Value, round}
}
