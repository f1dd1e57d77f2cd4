package lambda

import "github.com/reliableq/reliableq/localaws/lambda/sandbox"

// recordInvocation publishes the metrics of an invocation (LAM E31).
func (s *Service) recordInvocation(a *admission, rep sandbox.Report, failed bool) {
	errors := 0.0
	if failed || rep.Status != sandbox.Success {
		errors = 1
	}

	q := a.ref.qualifier
	version := a.version.number

	// An invocation without error counts as 0 errors, so that an average is the error rate.
	s.recordCount(a.fn.functionKey, q, version, "Invocations", 1)
	s.recordCount(a.fn.functionKey, q, version, "Errors", errors)
	s.recordMetric(a.fn.functionKey, q, version, Datum{
		Name:  "Duration",
		Unit:  "Milliseconds",
		Value: float64(rep.Duration) / 1e6,
	})

	s.recordCount(a.fn.functionKey, q, version, "ConcurrentExecutions", float64(a.running))
	if s.opts.Metrics != nil && !a.reserved {
		s.opts.Metrics.Record(a.fn.Account, a.fn.Region, Datum{
			Name:  "UnreservedConcurrentExecutions",
			Unit:  "Count",
			Value: float64(a.unreserved),
		})
	}
}

// recordCount publishes a datum with the unit Count. See recordMetric.
func (s *Service) recordCount(k functionKey, qualifier, version, name string, value float64) {
	s.recordMetric(k, qualifier, version, Datum{
		Name:  name,
		Unit:  "Count",
		Value: value,
	})
}

// recordMetric publishes a datum once for each set of dimensions of LAM E31. qualifier is
// the one that the caller named, and version the number of the version that ran.
func (s *Service) recordMetric(k functionKey, qualifier, version string, d Datum) {
	if s.opts.Metrics == nil {
		return
	}

	resource := k.name
	if qualifier != "" && qualifier != latest {
		resource += ":" + qualifier
	}

	// A metric is recorded for all functions, for the function, for the qualifier, and for the
	// version behind an alias.
	sets := []map[string]string{nil, {"FunctionName": k.name}, {"FunctionName": k.name, "Resource": resource}}
	if resource != k.name {
		sets = append(sets, map[string]string{
			"FunctionName":    k.name,
			"Resource":        resource,
			"ExecutedVersion": version,
		})
	}

	for _, set := range sets {
		d.Dimensions = set
		s.opts.Metrics.Record(k.Account, k.Region, d)
	}
}
