package localaws

import (
	"github.com/reliableq/reliableq/localaws/cloudwatch"
	"github.com/reliableq/reliableq/localaws/lambda"
	"github.com/reliableq/reliableq/localaws/logs"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// functionMetrics records the metrics of functions and mappings in CloudWatch.
type functionMetrics struct{ cloudwatch *cloudwatch.Service }

var _ lambda.Metrics = (*functionMetrics)(nil)

// Record implements lambda.Metrics.
func (m *functionMetrics) Record(account, region string, d lambda.Datum) {
	m.cloudwatch.Record(account, region, cloudwatch.Datum{
		Namespace:  "AWS/Lambda",
		Name:       d.Name,
		Dimensions: dimensions(d.Dimensions),
		Unit:       d.Unit,
		Value:      d.Value,
	})
}

// Count implements mapping.Metrics.
func (m *functionMetrics) Count(account, region, uuid, name string, n int) {
	m.cloudwatch.Record(account, region, cloudwatch.Datum{
		Namespace:  "AWS/Lambda",
		Name:       name,
		Dimensions: []cloudwatch.Dimension{{Name: "EventSourceMappingUUID", Value: uuid}},
		Unit:       "Count",
		Value:      float64(n),
	})
}

// connectMetrics makes CloudWatch sample the queues, and logs report what metric
// filters and embedded metrics measure.
func (p *parts) connectMetrics() {
	p.cloudwatch.AddSampler(func(emit func(account, region string, d cloudwatch.Datum)) {
		p.sqs.Sample(func(m sqs.Sample) {
			emit(m.Account, m.Region, cloudwatch.Datum{
				Namespace:  "AWS/SQS",
				Name:       m.Metric,
				Dimensions: []cloudwatch.Dimension{{Name: "QueueName", Value: m.Queue}},
				Unit:       m.Unit,
				Value:      m.Value,
				Count:      m.Count,
				Gauge:      m.Gauge,
			})
		})
	})

	p.logs.OnMeasurement(func(account, region string, m logs.Measurement) {
		p.cloudwatch.Record(account, region, cloudwatch.Datum{
			Namespace:  m.Namespace,
			Name:       m.Name,
			Dimensions: dimensions(m.Dimensions),
			Unit:       m.Unit,
			Time:       m.Time,
			Value:      m.Value,
		})
	})

	p.logs.OnEvents(func(account, region, group, _ string, events []logs.Event) {
		for _, e := range events {
			p.cloudwatch.RecordEMF(account, region, e.Message, e.Time)
		}
	})
}

// dimensions returns a map of dimensions in CloudWatch's type.
func dimensions(in map[string]string) []cloudwatch.Dimension {
	out := make([]cloudwatch.Dimension, 0, len(in))
	for name, value := range in {
		out = append(out, cloudwatch.Dimension{Name: name, Value: value})
	}
	return out
}
