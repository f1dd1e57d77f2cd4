package logs

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/logs/pattern"
)

// Measurement is a value that a metric filter extracted from an event, or the
// number of events dropped at the memory limit.
type Measurement struct {
	// Namespace is the metric's namespace.
	Namespace string
	// Name is the metric's name.
	Name string
	// Dimensions are the metric's dimensions; nil if there are none.
	Dimensions map[string]string
	// Unit is the metric's unit, such as Count, or None.
	Unit string
	// Value is the value.
	Value float64
	// Time is the event's, or the start of the minute for a default value.
	Time time.Time

	scope awsapi.Scope // for dropped events
}

// metricFilter is a metric filter of a group.
type metricFilter struct {
	name           string
	match          *pattern.Pattern
	transformation MetricTransformation
	created        int64 // epoch ms

	mu        sync.Mutex   // guards the fields below, which filters with a default value use
	minute    int64        // minute of the last events, in epoch minutes
	matched   bool         // an event of that minute matched
	minuteEnd *clock.Event // scheduled for the end of that minute, or nil
	stopped   bool
}

// isMetricValue reports whether v is a number or a selector.
func isMetricValue(v string) bool {
	n, err := strconv.ParseFloat(v, 64)
	return strings.HasPrefix(v, "$") && len(v) > 1 || err == nil && !math.IsInf(n, 0) && !math.IsNaN(n)
}

// measure reports the values that a filter extracts from events.
func (s *Service) measure(scope awsapi.Scope, f *metricFilter, events []Event) {
	matched := false
	for _, e := range events {
		if !f.match.Match(e.Message) {
			continue
		}
		matched = true
		if m, ok := f.measurement(e); ok {
			s.reportMeasurement(scope, m)
		}
	}

	// The default value depends on whether any event of the minute matches.
	if f.transformation.DefaultValue != nil {
		s.trackMinute(scope, f, matched)
	}
}

// reportMeasurement calls the handlers of OnMeasurement.
func (s *Service) reportMeasurement(scope awsapi.Scope, m Measurement) {
	for _, handle := range s.measurementHandlers {
		handle(scope.Account, scope.Region, m)
	}
}

// measurement returns the value of an event that matches. It returns false if the value
// is not a number, or the event lacks a dimension.
func (f *metricFilter) measurement(e Event) (Measurement, bool) {
	m := Measurement{
		Namespace: f.transformation.MetricNamespace,
		Name:      f.transformation.MetricName,
		Unit:      f.unit(),
		Time:      e.Time,
	}

	// The value is a constant, or selected from the event.
	text := f.transformation.MetricValue
	ok := true
	if strings.HasPrefix(text, "$") {
		text, ok = f.match.Value(e.Message, text)
	}

	n, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return m, false
	}

	m.Value = n

	// All dimensions must be present: without one, it would be another metric.
	for name, selector := range f.transformation.Dimensions {
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

// unit returns the unit of the metric.
func (f *metricFilter) unit() string {
	if f.transformation.Unit == "" {
		return "None"
	}
	return f.transformation.Unit
}

// trackMinute notes that events arrived, and schedules the end of their minute: if
// no event has matched by then, the default value is reported (LAM E13).
func (s *Service) trackMinute(scope awsapi.Scope, f *metricFilter, matched bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	minute := s.now() / time.Minute.Milliseconds()

	// The first event of a minute schedules its end.
	if f.minuteEnd == nil && !f.stopped {
		f.minute = minute
		f.matched = false
		end := fromMilli((minute + 1) * time.Minute.Milliseconds())
		f.minuteEnd = s.clock.Schedule(end, clock.Upkeep, func() { s.reportUnmatchedMinute(scope, f) })
	}
	f.matched = f.matched || matched
}

// reportUnmatchedMinute runs at the end of a minute. It reports the default value if no
// event of the minute matched.
func (s *Service) reportUnmatchedMinute(scope awsapi.Scope, f *metricFilter) {
	f.mu.Lock()
	unmatched := !f.matched && !f.stopped
	minute := f.minute
	f.minuteEnd = nil
	f.mu.Unlock()

	// Handlers run without the lock.
	if unmatched {
		s.reportMeasurement(scope, Measurement{
			Namespace: f.transformation.MetricNamespace,
			Name:      f.transformation.MetricName,
			Unit:      f.unit(),
			Value:     *f.transformation.DefaultValue,
			Time:      fromMilli(minute * time.Minute.Milliseconds()),
		})
	}
}

// stop cancels the end of the minute, for a filter that is deleted.
func (f *metricFilter) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	if f.minuteEnd != nil {
		f.minuteEnd.Stop()
		f.minuteEnd = nil
	}
}
