// Package metricmath reads and evaluates the metric math of CloudWatch, as far as
// alarms and dashboards of queues and functions use it:
//
//	m1 + m2, m1 / m2 * 100, -m1, m1 ^ 2      arithmetic over series and numbers
//	m1 > 10, m1 == m2, m1 > 1 AND m2 < 3     comparisons and logic, which yield 1 or 0
//	FILL(m1, 0), FILL(m1, REPEAT)            values for what is missing
//	SUM([m1, m2]), SUM(METRICS()), SUM(m1)   also AVG, MIN, MAX
//	ABS(m1), CEIL(m1), FLOOR(m1), IF(m1 > 1, m2, 0)
//
// Every other function is refused by name when an expression is parsed.
//
// A series has values at some of the moments that are asked about. An operation
// on two series has a value where both have one; a division by zero has none. An
// aggregate of several series has a value where any has one.
package metricmath
