package experiment

import "strconv"

// Report is the result of an experiment. The same plan gives the same report, byte
// for byte.
type Report struct {
	// Messages is the number of messages of each run.
	Messages int `json:"messages"`
	// Seed is the seed of the first run of every cell, Seeds the number of runs of
	// each. Each further run has the next seed.
	Seed  uint64 `json:"seed"`
	Seeds int    `json:"seeds"`
	// Prices are the prices of the cost estimates.
	Prices Prices `json:"prices"`
	// Studies are the studies, in the order of the plan.
	Studies []Study `json:"studies"`
	// Cells are the cells of all studies, study after study.
	Cells []Cell `json:"cells"`
}

// CellsOf returns the cells of the study of the given name.
func (r Report) CellsOf(study string) []Cell {
	var out []Cell
	for _, c := range r.Cells {
		if c.Study == study {
			out = append(out, c)
		}
	}
	return out
}

// Study is a question about a grid of settings, and what was found.
type Study struct {
	// Name is short, for files and flags: letters, digits and hyphens.
	Name string `json:"name"`
	// Title is its heading in reports.
	Title string `json:"title"`
	// Question is the question in a sentence or two.
	Question string `json:"question"`
	// Axes are the settings that vary, in the order of reports.
	Axes []Axis `json:"axes"`
	// Findings are sentences: which settings are safe, and why.
	Findings []string `json:"findings"`
}

// Prices are list prices, in US dollars.
type Prices struct {
	// Date is when they were looked up, such as 2026-06.
	Date string `json:"date"`
	// SQSMillion is the price of a million requests to standard queues.
	SQSMillion float64 `json:"sqs_million_requests"`
	// LambdaMillion is the price of a million invocations.
	LambdaMillion float64 `json:"lambda_million_invocations"`
	// GBSecond is the price of one GB-second of Lambda.
	GBSecond float64 `json:"lambda_gb_second"`
	// MemoryMB is the functions' memory, for GB-seconds.
	MemoryMB int `json:"memory_mb"`
}

// Axis is a setting that varies.
type Axis struct {
	// Key is the setting's name in JSON, such as batch_size.
	Key string `json:"key"`
	// Title is its name for people, such as batch size.
	Title string `json:"title"`
	// Unit is s, messages/s or empty.
	Unit string `json:"unit,omitempty"`
}

// axes are all settings that can vary, in the order of reports.
var axes = []struct {
	Axis
	number func(Settings) float64 // nil for mode, which is not a number
}{
	{Axis{"mode", "mode", ""}, nil},
	{Axis{"bad_share", "share of bad messages", ""}, func(s Settings) float64 { return s.BadShare }},
	{Axis{"batch_size", "batch size", ""}, func(s Settings) float64 { return float64(s.BatchSize) }},
	{Axis{"batch_window_seconds", "batching window", "s"}, func(s Settings) float64 { return float64(s.Window) }},
	{Axis{"max_receive_count", "maxReceiveCount", ""}, func(s Settings) float64 { return float64(s.MaxReceives) }},
	{Axis{"visibility_timeout_seconds", "visibility timeout", "s"}, func(s Settings) float64 { return float64(s.Visibility) }},
	{Axis{"work_seconds", "work per message", "s"}, func(s Settings) float64 { return s.Work }},
	{Axis{"reserved_concurrency", "reserved concurrency", ""}, func(s Settings) float64 { return float64(s.Reserved) }},
	{Axis{"maximum_concurrency", "maximum concurrency of the mapping", ""}, func(s Settings) float64 { return float64(s.MaxConcurrency) }},
	{Axis{"retry_levels", "retry levels", ""}, func(s Settings) float64 { return float64(s.Levels) }},
	{Axis{"order_stray", "maximum reordering", ""}, func(s Settings) float64 { return float64(s.MaxReorder) }},
	{Axis{"rate", "rate", "messages/s"}, func(s Settings) float64 { return s.Rate }},
}

// Number returns the axis's value in s, or false for mode, which is not a number.
func (a Axis) Number(s Settings) (float64, bool) {
	for _, x := range axes {
		if x.Key == a.Key && x.number != nil {
			return x.number(s), true
		}
	}
	return 0, false
}

// Value returns the axis's value in s as text, such as "10 %", "5" or "none".
func (a Axis) Value(s Settings) string {
	n, ok := a.Number(s)
	switch {
	case !ok:
		return s.Mode
	case a.Key == "bad_share":
		return strconv.FormatFloat(n*100, 'g', 6, 64) + " %"
	case n == 0 && (a.Key == "reserved_concurrency" || a.Key == "maximum_concurrency"):
		return "none"
	case a.Unit != "":
		return strconv.FormatFloat(n, 'g', 6, 64) + " " + a.Unit
	}
	return strconv.FormatFloat(n, 'g', 6, 64)
}

// VaryingAxes returns the axes on which the cells differ.
func VaryingAxes(cells []Cell) []Axis {
	var out []Axis
	for _, x := range axes {
		for _, c := range cells {
			if x.Value(c.Settings) != x.Value(cells[0].Settings) {
				out = append(out, x.Axis)
				break
			}
		}
	}
	return out
}
