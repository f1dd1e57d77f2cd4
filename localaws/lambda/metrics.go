package lambda

import "github.com/reliableq/reliableq/localaws/lambda/sandbox"

// recordInvocation publishes what an invocation was like (LAM E31).
func (s *Service) recordInvocation(a *admission, rep sandbox.Report, failed bool) {
	errors := 0.0
	if failed || rep.Status != sandbox.Success {
		errors = 1
	}

	q := a.ref.qualifier
	number := a.version.number
	s.recordCount(a.fn.functionKey, q, number, "Invocations", 1)
	s.recordCount(a.fn.functionKey, q, number, "Errors", errors)
	s.recordMetric(a.fn.functionKey, q, number, Datum{
		Name:  "Duration",
		Unit:  "Milliseconds",
		Value: float64(rep.Duration) / 1e6,
	})

	s.recordCount(a.fn.functionKey, q, number, "ConcurrentExecutions", float64(a.running))
	if s.opts.Metrics != nil && !a.reserved {
		s.opts.Metrics.Record(a.fn.account, a.fn.region, Datum{
			Name:  "UnreservedConcurrentExecutions",
			Unit:  "Count",
			Value: float64(a.account),
		})
	}
}

// recordCount records a Count.
func (s *Service) recordCount(k functionKey, qualifier, number, name string, value float64) {
	s.recordMetric(k, qualifier, number, Datum{
		Name:  name,
		Unit:  "Count",
		Value: value,
	})
}

// recordMetric publishes a datum once for each set of dimensions of LAM E31.
func (s *Service) recordMetric(k functionKey, qualifier, number string, d Datum) {
	if s.opts.Metrics == nil {
		return
	}

	resource := k.name
	if qualifier != "" && qualifier != latest {
		resource += ":" + qualifier
	}

	sets := []map[string]string{nil, {"FunctionName": k.name}, {"FunctionName": k.name, "Resource": resource}}
	if resource != k.name {
		sets = append(sets, map[string]string{
			"FunctionName":    k.name,
			"Resource":        resource,
			"ExecutedVersion": number,
		})
	}

	for _, set := range sets {
		d.Dimensions = set
		s.opts.Metrics.Record(k.account, k.region, d)
	}
}
