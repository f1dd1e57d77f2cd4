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
	JSON bool   `name:"json" help:"Print one JSON object, with a cell for each combination; the same question prints the same bytes."`
	CSV  string `name:"csv" placeholder:"FILE" type:"path" help:"Write the cells to FILE as CSV."`
	HTML string `name:"html" placeholder:"FILE" type:"path" help:"Write a report with plots to FILE, readable offline."`
	Out  string `placeholder:"DIR" type:"path" help:"Write report.html, results.csv, results.json and the plots as SVG to DIR."`

	experimentGrid   `embed:"" group:"Settings to combine, each a list:"`
	experimentPrices `embed:"" group:"Prices that costs are estimated with, in dollars:"`

	Standard  bool     `help:"Ask the standard questions, of docs/experiment.md, in place of a grid of your own."`
	Study     []string `placeholder:"NAME" help:"Only these of the standard questions: ${studies}."`
	Messages  int      `default:"10000" help:"Messages that each run sends (${default})."`
	Seed      uint64   `default:"1" help:"Seed of the first run of each combination; each further run has the next (${default})."`
	Seeds     int      `default:"5" help:"Runs of each combination (${default})."`
	FailAbove float64  `default:"1" placeholder:"SHARE" help:"End with exit code 3 where more than this share of the good messages is dead-lettered, such as 0 or 0.001."`
}

// experimentGrid are the settings, and what they are by default.
type experimentGrid struct {
	BatchSize      []int           `default:"1,5,10" placeholder:"N" help:"Batch size of the consumer's mapping, 1 to 10000 (${default})."`
	BadShare       []float64       `default:"0.01,0.05,0.1" placeholder:"SHARE" help:"Share of messages that can never be processed, 0 to 1 (${default})."`
	Mode           []string        `default:"per_message,whole_batch" placeholder:"MODE" help:"How the consumer reports failures: per_message or whole_batch (${default})."`
	BatchWindow    []time.Duration `default:"0s" placeholder:"TIME" help:"Batching window of the consumer's mapping, in whole seconds (${default})."`
	MaxReceives    []int           `default:"5" placeholder:"N" help:"The source queue's maxReceiveCount (${default})."`
	Visibility     []time.Duration `default:"10s" placeholder:"TIME" help:"The source queue's visibility timeout, in whole seconds (${default})."`
	Work           []time.Duration `default:"50ms" placeholder:"TIME" help:"How long the consumer works on a message, on average; it takes one after the other (${default})."`
	Reserved       []int           `default:"0" placeholder:"N" help:"The consumer's reserved concurrency; 0 reserves none (${default})."`
	MaxConcurrency []int           `default:"0" placeholder:"N" help:"Bound of the consumer's mapping, from 2; 0 is no bound (${default})."`
	RetryLevels    []int           `default:"1" placeholder:"N" help:"Retry levels, of three replays each, 0 to 4 (${default})."`
	Stray          []int           `default:"100" placeholder:"N" help:"How many places behind send order a message may be received; 0 keeps to it, which AWS does not promise (${default})."`
	Rate           []float64       `default:"100" placeholder:"N" help:"Messages sent a second (${default})."`
}

// points are all combinations.
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
		experiment.Vals(func(s *s, v string) { s.Mode = v }, g.Mode...),
		experiment.Vals(func(s *s, v float64) { s.BadShare = v }, g.BadShare...),
		experiment.Vals(func(s *s, v int) { s.Window = v }, windows...),
		experiment.Vals(func(s *s, v int) { s.MaxReceives = v }, g.MaxReceives...),
		experiment.Vals(func(s *s, v int) { s.Visibility = v }, visibilities...),
		experiment.Vals(func(s *s, v time.Duration) { s.Work = v.Seconds() }, g.Work...),
		experiment.Vals(func(s *s, v int) { s.Reserved = v }, g.Reserved...),
		experiment.Vals(func(s *s, v int) { s.MaxConcurrency = v }, g.MaxConcurrency...),
		experiment.Vals(func(s *s, v int) { s.Levels = v }, g.RetryLevels...),
		experiment.Vals(func(s *s, v int) { s.Stray = v }, g.Stray...),
		experiment.Vals(func(s *s, v float64) { s.Rate = v }, g.Rate...),
		experiment.Vals(func(s *s, v int) { s.BatchSize = v }, g.BatchSize...),
	), nil
}

// wholeSeconds reads times that AWS counts in seconds.
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

// experimentPrices are what costs are estimated with.
type experimentPrices struct {
	PriceSQS       float64 `name:"price-sqs" default:"${price_sqs}" placeholder:"N" help:"A million requests to standard queues (${default})."`
	PriceInvoke    float64 `default:"${price_invoke}" placeholder:"N" help:"A million invocations (${default})."`
	PriceGBSecond  float64 `name:"price-gb-second" default:"${price_gb_second}" placeholder:"N" help:"A GB-second of Lambda (${default})."`
	PriceDate      string  `default:"${price_date}" placeholder:"DATE" help:"When these prices were read (us-east-1, x86_64, ${default})."`
	FunctionMemory int     `default:"${function_memory}" placeholder:"MB" help:"The functions' memory (${default})."`
}

func (p *experimentPrices) prices() experiment.Prices {
	return experiment.Prices{Date: p.PriceDate, SQSMillion: p.PriceSQS, LambdaMillion: p.PriceInvoke, GBSecond: p.PriceGBSecond, MemoryMB: p.FunctionMemory}
}

// experimentVars are what the verb's help and defaults take from the experiment.
func experimentVars() kong.Vars {
	list := experiment.ListPrices()
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	return kong.Vars{
		"studies":   strings.Join(experiment.StandardNames(), ", "),
		"price_sqs": number(list.SQSMillion), "price_invoke": number(list.LambdaMillion), "price_gb_second": number(list.GBSecond),
		"price_date": list.Date, "function_memory": strconv.Itoa(list.MemoryMB),
	}
}

// Run asks, answers, and writes what was asked for.
func (v *experimentVerb) Run(ctx context.Context, a *app) error {
	plan, err := v.plan()
	if err != nil {
		return usageError{hint.With(err, "see reliableq experiment --help")}
	}
	if err := v.ready(); err != nil {
		return err
	}
	report, took, err := v.play(ctx, a, plan)
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
	return errors.Join(err, v.judge(a, report))
}

// plan is what the flags ask.
func (v *experimentVerb) plan() (experiment.Plan, error) {
	p := experiment.Plan{Messages: v.Messages, Seed: v.Seed, Seeds: v.Seeds, Prices: v.prices()}
	if !(v.FailAbove >= 0 && v.FailAbove <= 1) {
		return p, fmt.Errorf("--fail-above %v: want a share from 0 to 1", v.FailAbove)
	}
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
		Name: "grid", Title: "What do these settings do?",
		Text:   "What share of the good messages ends in the dead-letter queue, how long do messages take, and what do they cost?",
		Points: points,
	}}
	return p, p.Check()
}

// ready finds out before the runs whether what they bring can be written.
func (v *experimentVerb) ready() error {
	if v.Out != "" {
		if err := os.MkdirAll(v.Out, 0o755); err != nil {
			return fmt.Errorf("make the folder for the report: %w", err)
		}
	}
	for _, path := range []string{v.CSV, v.HTML} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return hint.With(fmt.Errorf("write %s: %w", path, err), "make the folder first")
		}
	}
	return nil
}

// play makes the runs and shows how far they are.
func (v *experimentVerb) play(ctx context.Context, a *app, plan experiment.Plan) (experiment.Report, time.Duration, error) {
	debug.SetGCPercent(400) // as simulate does
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

// write writes the files that were asked for, and answers their names.
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
	fmt.Fprintf(a.errs, "%d messages through the whole flow in %s, %.0f a second\n", messages, duration.Format(took), float64(messages)/took.Seconds())
	for _, file := range written {
		if near, err := filepath.Rel(workingDir(), file); err == nil && !strings.HasPrefix(near, "..") {
			file = near
		}
		fmt.Fprintln(a.errs, "wrote "+file)
	}
	return nil
}

// judge is a bad verdict where messages were lost, or more of the good ones
// dead-lettered than the caller allows.
func (v *experimentVerb) judge(a *app, r experiment.Report) error {
	worst, lost := 0.0, 0
	for _, c := range r.Cells {
		worst = math.Max(worst, c.Share)
		lost += c.Lost
	}
	if lost > 0 {
		fmt.Fprintf(a.errs, "%d messages were lost\n", lost)
		return errVerdict
	}
	if worst > v.FailAbove {
		fmt.Fprintf(a.errs, "up to %.3g of the good messages were dead-lettered, more than --fail-above %v\n", worst, v.FailAbove)
		return errVerdict
	}
	return nil
}

func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return dir
}
