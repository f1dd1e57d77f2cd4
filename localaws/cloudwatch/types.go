package cloudwatch

import "github.com/reliableq/reliableq/localaws/awsapi"

// noUnit is the unit of data without a unit.
const noUnit = "None"

// StatisticSet is a set of values as their aggregates.
type StatisticSet struct {
	// SampleCount is the number of values.
	SampleCount *float64 `json:"SampleCount"`
	// Sum is their sum.
	Sum *float64 `json:"Sum"`
	// Minimum is the lowest value.
	Minimum *float64 `json:"Minimum"`
	// Maximum is the highest value.
	Maximum *float64 `json:"Maximum"`
}

// Metric identifies a metric.
type Metric struct {
	// Namespace is the namespace.
	Namespace string `json:"Namespace,omitempty"`
	// MetricName is the name.
	MetricName string `json:"MetricName,omitempty"`
	// Dimensions are at most 30.
	Dimensions []Dimension `json:"Dimensions"`
}

// MetricStat is a statistic of a metric.
type MetricStat struct {
	// Metric is the metric to read.
	Metric *Metric `json:"Metric"`
	// Period is in seconds: 1, 5, 10, 20, 30 or a multiple of 60.
	Period int64 `json:"Period"`
	// Stat is Average, Sum, Minimum, Maximum, SampleCount or a percentile such
	// as p99.
	Stat string `json:"Stat"`
	// Unit selects data of this unit; empty selects all.
	Unit string `json:"Unit,omitempty"`
}

// MetricDataQuery is a statistic of a metric, or an expression over other queries.
type MetricDataQuery struct {
	// ID identifies the query in expressions: a lower-case letter, then letters,
	// digits and underscores.
	ID string `json:"Id"`
	// MetricStat is the statistic to read. Exactly one of MetricStat and Expression
	// is required.
	MetricStat *MetricStat `json:"MetricStat,omitempty"`
	// Expression is metric math over other queries.
	Expression string `json:"Expression,omitempty"`
	// Label is a text for display.
	Label string `json:"Label,omitempty"`
	// ReturnData reports whether the result is returned, or only used by
	// expressions; absent means true.
	ReturnData *bool `json:"ReturnData,omitempty"`
	// Period is the period of an expression, in seconds.
	Period int64 `json:"Period,omitempty"`
	// AccountID is refused unless it is the caller's account.
	AccountID string `json:"AccountId,omitempty"`
}

// returned reports whether the query's result is returned.
func (q *MetricDataQuery) returned() bool { return q.ReturnData == nil || *q.ReturnData }

// valueOrZero returns *p, or the zero value if p is nil.
func valueOrZero[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// timestamp converts epoch seconds.
func timestamp(sec int64) awsapi.Timestamp { return awsapi.Timestamp(epoch(sec)) }
