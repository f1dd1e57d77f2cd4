package experiment

import "math"

// sampleSettings are the settings that sample studies start from.
var sampleSettings = Settings{
	BatchSize: 5, BadShare: 0.05, Mode: "whole_batch", MaxReceives: 5, Visibility: 10, Work: 0.05, Levels: 1, Rate: 20,
}

// sampleCell returns a cell with plausible figures for a share of good messages that
// are dead-lettered.
func sampleCell(study string, s Settings, share float64) Cell {
	const messages = 30_000
	bad := int(math.Round(messages * s.BadShare))
	c := Cell{Study: study, Settings: s, Seeds: 3, Good: messages - bad, Bad: bad, BatchMean: 0.8 * float64(s.BatchSize)}
	c.GoodDead = int(share * float64(c.Good))
	if c.Good > 0 {
		c.Share = float64(c.GoodDead) / float64(c.Good)
		off := 1.96*math.Sqrt(c.Share*(1-c.Share)/float64(c.Good))*3 + 2.0/float64(c.Good)
		c.Low, c.High = max(0, c.Share-off), min(1, c.Share+off)
		c.GoodDone = Quantiles{c.Good - c.GoodDead, 2.3, 2.8 + 220*c.Share + 3*float64(s.Window)}
	}
	if bad > 0 {
		c.BadDead = Quantiles{bad, 212 + 3*float64(s.MaxReceives), 341.5}
	}
	c.Repeated = c.Share * 1.7
	c.Receives = 1 + 8*s.BadShare + 5*c.Share
	c.Invocations = c.Receives / max(1, c.BatchMean)
	c.Requests = 1 + c.Receives + c.Invocations
	c.Wasted = Wasted{BatchFailed: 5 * c.Share}
	c.Cost = Cost{SQS: 0.4 * c.Requests, Lambda: 0.2*c.Invocations + 1.1}
	c.Cost.Total = c.Cost.SQS + c.Cost.Lambda
	return c
}

// sampleReport returns a report of several studies.
func sampleReport() Report {
	r := Report{Messages: 10_000, Seed: 1, Seeds: 3, Prices: Prices{"2026-06", 0.4, 0.2, 0.0000166667, 128}}
	add := func(s Study, cells ...Cell) { r.Studies, r.Cells = append(r.Studies, s), append(r.Cells, cells...) }

	grid := Study{
		Name: "batch", Title: "Batch size and failure reporting",
		Question: "How many good messages does a bad one take with it into the dead-letter queue, by batch size, share of bad messages and failure reporting?",
		Axes:     []Axis{{"mode", "mode", ""}, {"bad_share", "share of bad messages", ""}, {"batch_size", "batch size", ""}},
		Findings: []string{
			"Safe: per_message at every batch size tried. None of 256,200 good messages was dead-lettered, because each message is reported separately.",
			"Not safe: whole_batch at batch sizes above 1. At batch size 10 with 10 % bad messages 6.51 % of the good ones were dead-lettered (6.03 to 6.99 %), since one bad message fails all ten, and after five receives SQS moves them all.",
			"A batch size of 1 is safe in either mode, at about twice the cost of 10.",
		},
	}
	var cells []Cell
	for _, mode := range []string{"per_message", "whole_batch"} {
		for _, bad := range []float64{0.01, 0.05, 0.1} {
			for _, size := range []int{1, 5, 10} {
				s := sampleSettings
				s.Mode, s.BadShare, s.BatchSize = mode, bad, size
				share := 0.0
				if mode == "whole_batch" && size > 1 {
					share = math.Pow(1-math.Pow(1-bad, float64(size-1)), 5)
				}
				cells = append(cells, sampleCell("batch", s, share))
			}
		}
	}
	add(grid, cells...)

	cells = nil
	for _, v := range []int{1, 2, 5, 10, 30, 60, 300} {
		s := sampleSettings
		s.Mode, s.Visibility, s.Work = "per_message", v, 2
		cells = append(cells, sampleCell("visibility", s, math.Exp(-float64(v)/2.5)))
	}
	add(Study{
		Name: "visibility", Title: "Visibility timeout", Question: "What does a visibility timeout do that is shorter than the work?",
		Axes:     []Axis{{"visibility_timeout_seconds", "visibility timeout", "s"}},
		Findings: []string{"Safe: 30 s or more, six times the function's timeout as AWS advises. At 5 s 13.5 % of the good messages were dead-lettered, for SQS hands a message out again while the function is still at work on it."},
	}, cells...)

	cells = nil
	for _, reserved := range []int{1, 2, 5, 0} {
		for _, most := range []int{2, 5, 0} {
			s := sampleSettings
			s.Mode, s.Reserved, s.MaxConcurrency = "per_message", reserved, most
			share := 0.0
			if reserved > 0 && (most == 0 || most > reserved) {
				share = 0.2 / float64(reserved)
			}
			cells = append(cells, sampleCell("concurrency", s, share))
		}
	}
	add(Study{
		Name: "concurrency", Title: "Concurrency", Question: "Do messages of a function without free concurrency end in the dead-letter queue?",
		Axes:     []Axis{{"reserved_concurrency", "reserved concurrency", ""}, {"maximum_concurrency", "maximum concurrency of the mapping", ""}},
		Findings: []string{"Safe: a maximum concurrency of the mapping that is no more than the function's reserved concurrency."},
	}, cells...)

	two := sampleSettings
	two.Mode = "per_message"
	add(Study{Name: "modes", Title: "The two modes", Question: "What does the switch change?", Axes: []Axis{{"mode", "mode", ""}}}, sampleCell("modes", two, 0), sampleCell("modes", sampleSettings, 0.00018))
	add(Study{Name: "one", Title: "One cell", Question: "What of these settings alone?"}, sampleCell("one", sampleSettings, 0.02))
	add(Study{Name: "none", Title: "No messages", Axes: []Axis{{"batch_size", "batch size", ""}}}, Cell{Study: "none", Settings: sampleSettings, Seeds: 3}, Cell{Study: "none", Settings: Settings{BatchSize: 1, Mode: "per_message"}, Seeds: 3})
	return r
}

// smallReport returns a report whose figures are the same on every computer, for
// golden files.
func smallReport() Report {
	settings := func(mode string, size int) Settings {
		s := sampleSettings
		s.Mode, s.BatchSize = mode, size
		return s
	}
	fine := Cell{
		Study: "batch", Seeds: 3, Good: 28500, Bad: 1500, High: 0.000134787, Receives: 1.4, Invocations: 0.35, Requests: 2.75, BatchMean: 4.25,
		BadDead: Quantiles{1500, 227.4, 341.25}, GoodDone: Quantiles{28500, 2.3, 2.84}, Cost: Cost{1.1, 1.17, 2.27},
	}
	harmful := fine
	harmful.GoodDead, harmful.Lost, harmful.Share, harmful.Low, harmful.High, harmful.Repeated = 1887, 2, 1887.0/28500, 0.0633, 0.0692, 0.113
	harmful.Receives, harmful.Wasted, harmful.GoodDone.P99 = 2.23, Wasted{0.813, 0.01, 0}, 3723
	var cells []Cell
	for _, mode := range []string{"per_message", "whole_batch"} {
		for _, size := range []int{1, 10} {
			c := fine
			if mode == "whole_batch" && size > 1 {
				c = harmful
			}
			c.Settings = settings(mode, size)
			cells = append(cells, c)
		}
	}
	return Report{
		Messages: 10_000, Seed: 7, Seeds: 3, Prices: Prices{"2026-06", 0.4, 0.2, 0.0000166667, 128},
		Studies: []Study{
			{
				Name: "batch", Title: "Batch size and failure reporting", Question: "How many good messages does a bad one take with it?",
				Axes: []Axis{{"mode", "mode", ""}, {"batch_size", "batch size", ""}},
				Findings: []string{
					"Safe: per_message at every batch size that was tried, because the outcome of each message is reported separately, and a good one never fails with a bad neighbour.",
					"Not safe: whole_batch at batch size 10, where 6.62 % of the good messages were dead-lettered (6.33–6.92 %).",
				},
			},
			{Name: "empty", Title: "Nothing to send", Question: "What if there is nothing to do?"},
			{Name: "unplayed", Title: "Never run", Axes: []Axis{{"rate", "messages sent", "messages/s"}}},
		},
		Cells: append(cells, Cell{Study: "empty", Settings: sampleSettings, Seeds: 3}),
	}
}
