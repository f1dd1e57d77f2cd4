package logs

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/logs/pattern"
)

// Measurement is a value that a metric filter drew from an event, or the number of
// events that were dropped for lack of room.
type Measurement struct {
	// Namespace is the metric's namespace.
	Namespace string
	// Name is the metric's name.
	Name string
	// Dimensions are the metric's dimensions; nil without any.
	Dimensions map[string]string
	// Unit is the metric's unit, such as Count, or None.
	Unit string
	// Value is the value.
	Value float64
	// Time is the event's, or the begin of the minute for a default value.
	Time time.Time

	at place // of a drop
}

// metricFilter is a metric filter at work.
type metricFilter struct {
	name    string
	match   *pattern.Pattern
	to      MetricTransformation
	created int64 // epoch ms

	mu      sync.Mutex   // guards what follows, for filters with a default value
	minute  int64        // the minute of the last events, in epoch minutes
	matched bool         // something matched in it
	flush   *clock.Event // at the end of it, or nil
	stopped bool
}

// validValue reports whether v can be a metric value.
func validValue(v string) bool {
	n, err := strconv.ParseFloat(v, 64)
	return strings.HasPrefix(v, "$") && len(v) > 1 || err == nil && !math.IsInf(n, 0) && !math.IsNaN(n)
}

// measure draws values from events.
func (s *Service) measure(at place, f *metricFilter, events []Event) {
	matched := false
	for _, e := range events {
		if !f.match.Match(e.Message) {
			continue
		}
		matched = true
		if m, ok := f.measurement(e); ok {
			s.report(at, m)
		}
	}
	if f.to.DefaultValue != nil {
		s.awaitMinute(at, f, matched)
	}
}

func (s *Service) report(at place, m Measurement) {
	for _, meter := range s.meters {
		meter(at.account, at.region, m)
	}
}

// measurement is what the filter makes of an event that it matches. An event in
// which the value is no number, or a dimension is not there, yields none.
func (f *metricFilter) measurement(e Event) (Measurement, bool) {
	m := Measurement{Namespace: f.to.MetricNamespace, Name: f.to.MetricName, Unit: f.unit(), Time: e.Time}
	text, ok := f.to.MetricValue, true
	if strings.HasPrefix(text, "$") {
		text, ok = f.match.Value(e.Message, text)
	}
	n, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return m, false
	}
	m.Value = n
	for name, selector := range f.to.Dimensions {
		v, ok := f.match.Value(e.Message, selector)
		if !ok || v == "" {
			return m, false
		}
		if m.Dimensions == nil {
			m.Dimensions = map[string]string{}
		}
		m.Dimensions[name] = v
	}
	return m, true
}

func (f *metricFilter) unit() string {
	if f.to.Unit == "" {
		return "None"
	}
	return f.to.Unit
}

// awaitMinute notes that events came in, and books the end of their minute: if
// none matched by then, the default value counts (LAM E13).
func (s *Service) awaitMinute(at place, f *metricFilter, matched bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	minute := s.now() / time.Minute.Milliseconds()
	if f.flush == nil && !f.stopped {
		f.minute, f.matched = minute, false
		end := fromMilli((minute + 1) * time.Minute.Milliseconds())
		f.flush = s.clock.Schedule(end, clock.Upkeep, func() { s.endMinute(at, f) })
	}
	f.matched = f.matched || matched
}

func (s *Service) endMinute(at place, f *metricFilter) {
	f.mu.Lock()
	silent, minute := !f.matched && !f.stopped, f.minute
	f.flush = nil
	f.mu.Unlock()
	if silent {
		s.report(at, Measurement{
			Namespace: f.to.MetricNamespace, Name: f.to.MetricName, Unit: f.unit(),
			Value: *f.to.DefaultValue, Time: fromMilli(minute * time.Minute.Milliseconds()),
		})
	}
}

// stop ends the filter's wait.
func (f *metricFilter) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	if f.flush != nil {
		f.flush.Stop()
		f.flush = nil
	}
}
