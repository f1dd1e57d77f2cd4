package cloudwatch

import (
	"regexp"
	"strconv"
	"strings"
)

// statistic is what is asked of a bucket.
type statistic struct {
	name       string
	percentile float64 // 0 to 100, for pNN
	read       func(b *bucket) float64
}

// simpleStatistics are the statistics with names of their own.
var simpleStatistics = map[string]func(b *bucket) float64{
	"SampleCount": func(b *bucket) float64 { return b.count },
	"Sum":         func(b *bucket) float64 { return b.sum },
	"Average":     func(b *bucket) float64 { return b.sum / b.count },
	"Minimum":     func(b *bucket) float64 { return b.min },
	"Maximum":     func(b *bucket) float64 { return b.max },
}

var percentileName = regexp.MustCompile(`^p(\d{1,2}(\.\d{0,10})?|100)$`)

// unsupportedStatistic are the statistics that AWS has and the embedded CloudWatch has not.
var unsupportedStatistic = regexp.MustCompile(`^(tm|tc|ts|wm|TM|TC|TS|WM|PR|IQM)`)

// parseStatistic reads a statistic's name; member is where it stood.
func parseStatistic(name, member string) (statistic, error) {
	if read, ok := simpleStatistics[name]; ok {
		return statistic{name: name, read: read}, nil
	}

	if percentileName.MatchString(name) {
		p, err := strconv.ParseFloat(strings.TrimSuffix(name[1:], "."), 64)
		if err == nil {
			return statistic{
				name:       name,
				percentile: p,
				read:       func(b *bucket) float64 { return b.percentile(p) },
			}, nil
		}
	}

	if unsupportedStatistic.MatchString(name) {
		return statistic{}, unsupported("statistic "+name, member)
	}
	return statistic{}, errInvalidValue.With("The value %s for parameter %s is not supported.", name, member)
}

// isPercentile reports whether the statistic needs single values.
func (s statistic) isPercentile() bool { return s.name[0] == 'p' }

// value reads the statistic of a bucket; ok is false where it cannot be told.
func (s statistic) value(b *bucket) (v float64, ok bool) {
	if b.count == 0 || s.isPercentile() && b.valuesUnknown {
		return 0, false
	}
	return s.read(b), true
}

// percentile is the least value that p percent of all do not exceed.
func (b *bucket) percentile(p float64) float64 {
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
