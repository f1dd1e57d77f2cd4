package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/internal/duration"
	"github.com/reliableq/reliableq/internal/experiment"
)

type experimentVerb struct {
	JSON bool   `name:"json" help:"Print one JSON object, with a cell for each combination; the same flags print the same bytes."`
	CSV  string `name:"csv" placeholder:"FILE" type:"path" help:"Write the cells to FILE as CSV."`
	HTML string `name:"html" placeholder:"FILE" type:"path" help:"Write a report with plots to FILE, readable offline."`
	Out  string `placeholder:"DIR" type:"path" help:"Write report.html, results.csv, results.json and the plots as SVG to DIR."`

	experimentGrid   `embed:"" group:"Settings to combine, each a list:"`
	experimentPrices `embed:"" group:"Prices for the estimated costs, in dollars:"`

	Standard  bool     `help:"Answer the standard questions of docs/experiment.md instead of a grid of your own."`
	Study     []string `placeholder:"NAME" help:"Only these standard questions: ${studies}."`
	Messages  int      `default:"10000" help:"Number of messages in each run (${default})."`
	Seed      uint64   `default:"1" help:"Seed of the first run of each combination; each further run has the next (${default})."`
	Seeds     int      `default:"5" help:"Number of runs of each combination (${default})."`
	FailAbove float64  `default:"1" placeholder:"SHARE" help:"Exit 3 if more than this share of the good messages is dead-lettered, such as 0 or 0.001."`
}

// experimentGrid are the settings of the grid, with their defaults.
type experimentGrid struct {
	BatchSize      []int           `default:"1,5,10" placeholder:"N" help:"Batch size of the consumer's mapping, 1 to 10000 (${default})."`
	BadShare       []float64       `default:"0.01,0.05,0.1" placeholder:"SHARE" help:"Share of messages that can never be processed, 0 to 1 (${default})."`
	Mode           []string        `default:"per_message,whole_batch" placeholder:"MODE" help:"How the consumer reports failures: per_message or whole_batch (${default})."`
	BatchWindow    []time.Duration `default:"0s" placeholder:"TIME" help:"Batching window of the consumer's mapping, in whole seconds (${default})."`
	MaxReceives    []int           `default:"5" placeholder:"N" help:"The source queue's maxReceiveCount (${default})."`
	Visibility     []time.Duration `default:"10s" placeholder:"TIME" help:"The source queue's visibility timeout, in whole seconds (${default})."`
	Work           []time.Duration `default:"50ms" placeholder:"TIME" help:"Average time that the consumer works on a message, one after the other (${default})."`
	Reserved       []int           `default:"0" placeholder:"N" help:"Reserved concurrency of the consumer; 0 for none (${default})."`
	MaxConcurrency []int           `default:"0" placeholder:"N" help:"Maximum concurrency of the consumer's mapping, from 2; 0 for none (${default})."`
	RetryLevels    []int           `default:"1" placeholder:"N" help:"Retry levels, of three replays each, 0 to 4 (${default})."`
	MaxReorder     []int           `name:"stray" default:"100" placeholder:"N" help:"Largest number of positions behind its send position at which a message is received; 0 keeps the send order, which SQS does not guarantee (${default})."`
	Rate           []float64       `default:"100" placeholder:"N" help:"Messages sent per second (${default})."`
}

// points returns all combinations.
func (g *experimentGrid) points() ([]experiment.Settings, error) {
	windows, err := wholeSeconds("--batch-window", g.BatchWindow)
	if err != nil {
		return nil, err
	}

	visibilities, err := wholeSeconds("--visibility", g.Visibility)
	if err != nil {
		return nil, err
	}

	type s = experiment.Settings
	return experiment.Grid(experiment.Default(),
		experiment.Sweep(func(s *s, v string) { s.Mode = v }, g.Mode...),
		experiment.Sweep(func(s *s, v float64) { s.BadShare = v }, g.BadShare...),
		experiment.Sweep(func(s *s, v int) { s.Window = v }, windows...),
		experiment.Sweep(func(s *s, v int) { s.MaxReceives = v }, g.MaxReceives...),
		experiment.Sweep(func(s *s, v int) { s.Visibility = v }, visibilities...),
		experiment.Sweep(func(s *s, v time.Duration) { s.Work = v.Seconds() }, g.Work...),
		experiment.Sweep(func(s *s, v int) { s.Reserved = v }, g.Reserved...),
		experiment.Sweep(func(s *s, v int) { s.MaxConcurrency = v }, g.MaxConcurrency...),
		experiment.Sweep(func(s *s, v int) { s.Levels = v }, g.RetryLevels...),
		experiment.Sweep(func(s *s, v int) { s.MaxReorder = v }, g.MaxReorder...),
		experiment.Sweep(func(s *s, v float64) { s.Rate = v }, g.Rate...),
		experiment.Sweep(func(s *s, v int) { s.BatchSize = v }, g.BatchSize...),
	), nil
}

// wholeSeconds converts times that AWS counts in seconds.
func wholeSeconds(flag string, times []time.Duration) ([]int, error) {
	out := make([]int, len(times))
	for i, d := range times {
		if d%time.Second != 0 {
			return nil, fmt.Errorf("%s %s: want whole seconds", flag, d)
		}
		out[i] = int(d / time.Second)
	}
	return out, nil
}

// experimentPrices are the prices for estimated costs.
type experimentPrices struct {
	PriceSQS       float64 `name:"price-sqs" default:"${price_sqs}" placeholder:"N" help:"Price of a million requests to standard queues (${default})."`
	PriceInvoke    float64 `default:"${price_invoke}" placeholder:"N" help:"Price of a million invocations (${default})."`
	PriceGBSecond  float64 `name:"price-gb-second" default:"${price_gb_second}" placeholder:"N" help:"Price of a GB-second of Lambda (${default})."`
	PriceDate      string  `default:"${price_date}" placeholder:"DATE" help:"Date of these prices (us-east-1, x86_64, ${default})."`
	FunctionMemory int     `default:"${function_memory}" placeholder:"MB" help:"Memory of the functions (${default})."`
}

func (p *experimentPrices) prices() experiment.Prices {
	return experiment.Prices{
		Date:          p.PriceDate,
		SQSMillion:    p.PriceSQS,
		LambdaMillion: p.PriceInvoke,
		GBSecond:      p.PriceGBSecond,
		MemoryMB:      p.FunctionMemory,
	}
}

// experimentVars returns the variables in the help and the defaults of the verb.
func experimentVars() kong.Vars {
	list := experiment.ListPrices()
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	return kong.Vars{
		"studies":         strings.Join(experiment.StandardNames(), ", "),
		"price_sqs":       number(list.SQSMillion),
		"price_invoke":    number(list.LambdaMillion),
		"price_gb_second": number(list.GBSecond),
		"price_date":      list.Date,
		"function_memory": strconv.Itoa(list.MemoryMB),
	}
}

// Run makes the runs, and prints and writes the report.
func (v *experimentVerb) Run(ctx context.Context, a *app) error {
	plan, err := v.plan()
	if err != nil {
		return usageError{hint.With(err, "see reliableq experiment --help")}
	}

	if err := v.checkOutputs(); err != nil {
		return err
	}

	report, took, err := v.run(ctx, a, plan)
	if err != nil {
		return err
	}

	written, err := v.write(report)
	if err != nil {
		return err
	}

	if err := a.report(v.JSON, report, func() { err = v.show(a, report, took, written) }); err != nil {
		return err
	}

	return errors.Join(err, v.checkReport(a, report))
}

// plan returns the plan of the flags.
func (v *experimentVerb) plan() (experiment.Plan, error) {
	p := experiment.Plan{
		Messages: v.Messages,
		Seed:     v.Seed,
		Seeds:    v.Seeds,
		Prices:   v.prices(),
	}

	if !(v.FailAbove >= 0 && v.FailAbove <= 1) {
		return p, fmt.Errorf("--fail-above %v: want a share from 0 to 1", v.FailAbove)
	}

	// The standard questions, or one question with the grid of the flags.
	if v.Standard || len(v.Study) > 0 {
		var err error
		if p.Studies, err = experiment.Standard(v.Study...); err != nil {
			return p, err
		}
		return p, p.Check()
	}

	points, err := v.points()
	if err != nil {
		return p, err
	}

	p.Studies = []experiment.Question{{
		Name:   "grid",
		Title:  "What do these settings do?",
		Text:   "What share of the good messages ends in the dead-letter queue, how long do messages take, and what do they cost?",
		Points: points,
	}}

	return p, p.Check()
}

// checkOutputs checks before the runs that their report can be written.
func (v *experimentVerb) checkOutputs() error {
	if v.Out != "" {
		if err := os.MkdirAll(v.Out, 0o755); err != nil {
			return fmt.Errorf("cannot create the directory for the report: %w", err)
		}
	}

	for _, path := range []string{v.CSV, v.HTML} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return hint.With(fmt.Errorf("write %s: %w", path, err), "create the directory first")
		}
	}

	return nil
}

// run makes the runs, and shows progress. It returns also how long they took.
func (v *experimentVerb) run(ctx context.Context, a *app, plan experiment.Plan) (experiment.Report, time.Duration, error) {
	debug.SetGCPercent(400) // as for simulate
	start := time.Now()
	p := a.progress(v.JSON)
	defer p.Close()

	runs := plan.Runs()
	task := p.Begin("experiment", progress.Span{Total: runs})
	report, err := experiment.Run(ctx, plan, func(over int) { task.Update(over, fmt.Sprintf("of %d runs", runs)) })
	if err != nil {
		task.Fail()
		return report, 0, err
	}

	task.End(fmt.Sprintf("%d runs of %d messages", runs, plan.Messages))
	return report, time.Since(start), nil
}

// write writes the files in the flags, and returns their names.
func (v *experimentVerb) write(r experiment.Report) ([]string, error) {
	var written []string
	if v.Out != "" {
		files, err := experiment.WriteAll(v.Out, r)
		if err != nil {
			return nil, err
		}
		written = append(written, files...)
	}

	for _, file := range []struct {
		path  string
		write experiment.Writer
	}{{v.CSV, experiment.WriteCSV}, {v.HTML, experiment.WriteHTML}} {
		if file.path == "" {
			continue
		}
		if err := experiment.WriteFile(file.path, r, file.write); err != nil {
			return nil, err
		}
		written = append(written, file.path)
	}

	return written, nil
}

// show prints a report for people.
func (v *experimentVerb) show(a *app, r experiment.Report, took time.Duration, written []string) error {
	if err := experiment.WriteTable(a.out, r); err != nil {
		return err
	}
	messages := len(r.Cells) * r.Seeds * r.Messages
	fmt.Fprintf(a.errs, "%d messages through the whole flow in %s, %.0f per second\n", messages, duration.Format(took), float64(messages)/took.Seconds())

	// Paths below the working directory are shorter to read.
	for _, file := range written {
		if near, err := filepath.Rel(workingDir(), file); err == nil && !strings.HasPrefix(near, "..") {
			file = near
		}
		fmt.Fprintln(a.errs, "wrote "+file)
	}
	return nil
}

// checkReport returns errVerdict if messages were lost, or if more good ones were
// dead-lettered than the flags allow.
func (v *experimentVerb) checkReport(a *app, r experiment.Report) error {
	// A lost message is worse than any share.
	worst := 0.0
	lost := 0
	for _, c := range r.Cells {
		worst = math.Max(worst, c.Share)
		lost += c.Lost
	}

	if lost > 0 {
		fmt.Fprintf(a.errs, "%d messages were lost\n", lost)
		return errVerdict
	}

	if worst > v.FailAbove {
		fmt.Fprintf(a.errs, "in the worst cell, a share of %.3g of the good messages was dead-lettered, more than --fail-above %v\n", worst, v.FailAbove)
		return errVerdict
	}

	return nil
}

// workingDir returns the working directory, or "" if it is not known.
func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return dir
}
