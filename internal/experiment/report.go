package experiment

import "strconv"

// Report is the outcome of an experiment. It follows from what was asked for
// alone: the same question has the same report, byte for byte.
type Report struct {
	// Messages is how many messages each run sent.
	Messages int `json:"messages"`
	// Seed is the first run's of every cell, Seeds how many runs a cell has; each
	// further run has the next seed.
	Seed  uint64 `json:"seed"`
	Seeds int    `json:"seeds"`
	// Prices are what costs were estimated with.
	Prices Prices `json:"prices"`
	// Studies are the questions, in order.
	Studies []Study `json:"studies"`
	// Cells are all cells, study after study.
	Cells []Cell `json:"cells"`
}

// Of answers the cells of a study.
func (r Report) Of(study string) []Cell {
	var out []Cell
	for _, c := range r.Cells {
		if c.Study == study {
			out = append(out, c)
		}
	}
	return out
}

// Study is one question: a grid of settings, and what was found.
type Study struct {
	// Name is short, for files and flags: letters, digits and hyphens.
	Name string `json:"name"`
	// Title heads it in reports.
	Title string `json:"title"`
	// Question is what it asks, in a sentence or two.
	Question string `json:"question"`
	// Axes are the settings that vary in it, in the order in which reports name
	// them.
	Axes []Axis `json:"axes"`
	// Findings are sentences that say which settings are safe, and why.
	Findings []string `json:"findings"`
}

// Prices are list prices, in US dollars.
type Prices struct {
	// Date is when they were read, such as 2026-06.
	Date string `json:"date"`
	// SQSMillion is the price of a million requests to standard queues.
	SQSMillion float64 `json:"sqs_million_requests"`
	// LambdaMillion is the price of a million invocations.
	LambdaMillion float64 `json:"lambda_million_invocations"`
	// GBSecond is the price of one GB-second of Lambda.
	GBSecond float64 `json:"lambda_gb_second"`
	// MemoryMB is the functions' memory, which GB-seconds count.
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

// axes are all settings that can vary, in the order of reports, with their values.
var axes = []struct {
	Axis
	number func(Settings) float64 // nil for mode, which is a word
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
	{Axis{"order_stray", "order stray", ""}, func(s Settings) float64 { return float64(s.Stray) }},
	{Axis{"rate", "rate", "messages/s"}, func(s Settings) float64 { return s.Rate }},
}

// Number is the axis's value in s; false for mode, which is a word.
func (a Axis) Number(s Settings) (float64, bool) {
	for _, x := range axes {
		if x.Key == a.Key && x.number != nil {
			return x.number(s), true
		}
	}
	return 0, false
}

// Value is the axis's value in s as people read it, such as "10 %", "5" or "none".
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

// Vary answers the axes along which cells differ.
func Vary(cells []Cell) []Axis {
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
