package cloudwatch

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// noUnit is the unit of data that have none.
const noUnit = "None"

// StatisticSet is several values summed up.
type StatisticSet struct {
	// SampleCount is how many values there were.
	SampleCount *float64 `json:"SampleCount"`
	// Sum is their sum.
	Sum *float64 `json:"Sum"`
	// Minimum is the least.
	Minimum *float64 `json:"Minimum"`
	// Maximum is the greatest.
	Maximum *float64 `json:"Maximum"`
}

// Metric names a metric.
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
	// Metric is the metric.
	Metric *Metric `json:"Metric"`
	// Period is in seconds: 1, 5, 10, 20, 30 or a multiple of 60.
	Period int64 `json:"Period"`
	// Stat is Average, Sum, Minimum, Maximum, SampleCount or a percentile such
	// as p99.
	Stat string `json:"Stat"`
	// Unit selects data of that unit; empty takes all.
	Unit string `json:"Unit,omitempty"`
}

// MetricDataQuery is a statistic of a metric, or an expression over others.
type MetricDataQuery struct {
	// ID names the query for expressions: a lower-case letter, then letters,
	// digits and underscores.
	ID string `json:"Id"`
	// MetricStat is what to read; it or Expression.
	MetricStat *MetricStat `json:"MetricStat,omitempty"`
	// Expression is metric math over other queries.
	Expression string `json:"Expression,omitempty"`
	// Label is a text for people.
	Label string `json:"Label,omitempty"`
	// ReturnData says whether the result is given, or used by expressions only;
	// absent means true.
	ReturnData *bool `json:"ReturnData,omitempty"`
	// Period is the period of an expression, in seconds.
	Period int64 `json:"Period,omitempty"`
	// AccountID is refused unless it is the caller's own.
	AccountID string `json:"AccountId,omitempty"`
}

func (q *MetricDataQuery) returned() bool { return q.ReturnData == nil || *q.ReturnData }

// Tag is a tag.
type Tag struct {
	// Key is 1 to 128 characters.
	Key string `json:"Key"`
	// Value is at most 256 characters.
	Value string `json:"Value"`
}

func valueOrZero[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

func timestamp(sec int64) awsapi.Timestamp { return awsapi.Timestamp(epoch(sec)) }
