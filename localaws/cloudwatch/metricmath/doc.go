// Package metricmath parses and evaluates the metric math of CloudWatch, as far as
// alarms and dashboards of queues and functions use it:
//
//	m1 + m2, m1 / m2 * 100, -m1, m1 ^ 2      arithmetic over series and numbers
//	m1 > 10, m1 == m2, m1 > 1 AND m2 < 3     comparisons and logic, which yield 1 or 0
//	FILL(m1, 0), FILL(m1, REPEAT)            replace missing values
//	SUM([m1, m2]), SUM(METRICS()), SUM(m1)   also AVG, MIN, MAX
//	ABS(m1), CEIL(m1), FLOOR(m1), IF(m1 > 1, m2, 0)
//
// Parse refuses every other function by name.
//
// A series has a value for some of the periods. An operation on two series has a
// value for a period if both have one; a division by zero has none. An aggregate of
// several series has a value if any of them has one.
package metricmath
