package cloudwatch

import (
	"regexp"
	"strconv"
	"strings"
)

// statistic reads a value, such as the sum or a percentile, from a bucket.
type statistic struct {
	name string
	read func(b *bucket) float64
}

// simpleStatistics are the statistics other than percentiles, by name.
var simpleStatistics = map[string]func(b *bucket) float64{
	"SampleCount": func(b *bucket) float64 { return b.count },
	"Sum":         func(b *bucket) float64 { return b.sum },
	"Average":     func(b *bucket) float64 { return b.sum / b.count },
	"Minimum":     func(b *bucket) float64 { return b.min },
	"Maximum":     func(b *bucket) float64 { return b.max },
}

// percentileName matches p0 to p100, with up to ten decimals.
var percentileName = regexp.MustCompile(`^p(\d{1,2}(\.\d{0,10})?|100)$`)

// unsupportedStatistic matches statistics of AWS that the embedded CloudWatch does
// not have, such as trimmed means.
var unsupportedStatistic = regexp.MustCompile(`^(tm|tc|ts|wm|TM|TC|TS|WM|PR|IQM)`)

// parseStatistic parses a statistic's name. parameter is where the name is from,
// for errors.
func parseStatistic(name, parameter string) (statistic, error) {
	if read, ok := simpleStatistics[name]; ok {
		return statistic{name: name, read: read}, nil
	}

	if percentileName.MatchString(name) {
		p, err := strconv.ParseFloat(strings.TrimSuffix(name[1:], "."), 64)
		if err == nil {
			return statistic{name: name, read: func(b *bucket) float64 { return b.percentile(p) }}, nil
		}
	}

	if unsupportedStatistic.MatchString(name) {
		return statistic{}, unsupported("statistic "+name, parameter)
	}
	return statistic{}, errInvalidValue.With("The value %s for parameter %s is not supported.", name, parameter)
}

// isPercentile reports whether the statistic is a percentile, which needs single
// values.
func (s statistic) isPercentile() bool { return s.name[0] == 'p' }

// value returns the statistic of a bucket. ok is false if it cannot be computed.
func (s statistic) value(b *bucket) (v float64, ok bool) {
	if b.count == 0 || s.isPercentile() && b.valuesUnknown {
		return 0, false
	}
	return s.read(b), true
}

// percentile returns the lowest value that p percent of all values do not exceed.
func (b *bucket) percentile(p float64) float64 {
	// The count of the bucket may be higher than that of its single values.
	total := 0.0
	for _, t := range b.values {
		total += t.count
	}
	need := total * p / 100
	for _, t := range b.values {
		if need -= t.count; need <= 0 {
			return t.value
		}
	}
	return b.max
}
