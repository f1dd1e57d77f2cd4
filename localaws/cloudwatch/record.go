package cloudwatch

import (
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// Datum is one value of one metric.
type Datum struct {
	// Namespace is the metric's namespace, such as AWS/SQS.
	Namespace string
	// Name is the metric's name.
	Name string
	// Dimensions tell it from others of that name, in any order. They are not
	// kept.
	Dimensions []Dimension
	// Unit is a CloudWatch unit, such as Count or Milliseconds; empty means
	// None.
	Unit string
	// Time is when it was so; zero means now.
	Time time.Time
	// Value is the value.
	Value float64
	// Count is how often it came; 0 means once.
	Count float64
	// Gauge marks a level that was read, as against a count of what happened:
	// it does not keep a skipping clock going (see the package comment).
	Gauge bool
	// HighResolution keeps the datum by the second.
	HighResolution bool
}

// Sampler answers what a service has to tell: counts since it was last asked and
// levels as of now. It is called without any lock, possibly by several
// goroutines, and calls emit for each datum. Data without Time count for the
// minute that is just ending, or for now when somebody reads.
type Sampler func(emit func(account, region string, d Datum))

// AddSampler has f asked at every full minute of service time and before every
// read of metrics. Call it before the service is used.
func (s *Service) AddSampler(f Sampler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samplers = append(s.samplers, f)
	s.scheduleTick(clock.Upkeep)
}

// Record takes a datum. A count of something that happened also says that samples
// will show more of it, as Active does: an invocation moves messages.
func (s *Service) Record(account, region string, d Datum) {
	moves := !d.Gauge && d.Value != 0
	if moves {
		s.Active()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record(scope{account, region}, d, moves)
}

// record takes a datum, with mu held. moves says that it tells of something that
// happened.
func (s *Service) record(p scope, d Datum, moves bool) {
	m := s.metricFor(p, d.Namespace, d.Name, d.Dimensions)
	if m == nil {
		if !s.warnedMaxMetrics {
			s.warnedMaxMetrics = true
			s.log.Warn("too many metrics: new ones are dropped", "max_metrics", s.maxMetrics, "metric", d.Namespace+" "+d.Name)
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
	s.notifyAlarms(m, moves)
}

// metricFor answers a metric, or nil where it is new and there is no room for it.
func (s *Service) metricFor(p scope, namespace, name string, dimensions []Dimension) *metric {
	res := s.resourcesIn(p)
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

// bucketFor answers the bucket that a datum belongs to, with mu held.
func (s *Service) bucketFor(m *metric, unit string, at time.Time, fine bool) *bucket {
	if unit == "" {
		unit = noUnit
	}
	now := s.clock.Now().Unix()
	m.lastSeen = now
	s.limitMemory(m)
	sr := m.seriesFor(unit)
	sr.compact(now)
	return sr.bucketAt(at.Unix(), fine)
}

// notifyAlarms lets the alarms that watch a metric know of a datum, with mu held.
func (s *Service) notifyAlarms(m *metric, moves bool) {
	for _, a := range m.watchers {
		a.idle = false
		kind := clock.Upkeep
		if moves {
			a.lastActivity = s.clock.Now()
			kind = clock.Moves
		}
		s.scheduleTick(kind)
	}
}

// takeSamples asks the samplers. Data without a time of their own get at. A look notes
// levels only as what they are now, so that no statistic sees them more often than
// once a minute; counts, which are told once, it records.
func (s *Service) takeSamples(at time.Time, look bool) {
	s.mu.Lock()
	samplers := s.samplers
	s.samplingRound++
	round := s.samplingRound
	s.mu.Unlock()

	for _, ask := range samplers {
		ask(func(account, region string, d Datum) {
			if d.Time.IsZero() {
				d.Time = at
			}

			s.mu.Lock()
			defer s.mu.Unlock()

			p := scope{account, region}
			if d.Gauge {
				s.recordLevel(p, d, round, look)
			}

			if !d.Gauge || !look {
				s.record(p, d, !d.Gauge && d.Value != 0)
			}
		})
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	s.completedRound = max(s.completedRound, round)
}

// recordLevel notes what a gauge shows, with mu held. On a look, which follows upon a
// change, one that shows something else than before counts as activity for alarms
// whose end cannot be foretold.
func (s *Service) recordLevel(p scope, d Datum, round uint64, look bool) {
	m := s.metricFor(p, d.Namespace, d.Name, d.Dimensions)
	if m == nil {
		return
	}

	if look && (m.level.round == 0 || m.level.value != d.Value) {
		for _, a := range m.watchers {
			if len(a.query.expressions) > 0 {
				a.lastActivity = s.clock.Now()
				a.idle = false
			}
		}
	}

	m.level = level{d.Value, round}
}
