package experiment

import (
	"errors"
	"fmt"
)

// Plan is a list of studies and how to run them.
type Plan struct {
	// Studies are the questions. Their names must differ.
	Studies []Question
	// Messages is the number of messages of each run, 1 or more.
	Messages int
	// Seed is the seed of the first run of every cell; each further run has the
	// next.
	Seed uint64
	// Seeds is the number of runs of each cell, 1 or more. The variation between
	// runs can be estimated from 2 on.
	Seeds int
	// Prices are the prices for cost estimates.
	Prices Prices
}

// Question is a study that has not been run.
type Question struct {
	// Name, Title and Text are the study's name, title and question.
	Name, Title, Text string
	// Points are the settings to try, in order.
	Points []Settings
}

// Default returns the default settings of a deployment (docs/terraform.md), with
// 10 % bad messages at a rate of 100 a second. As on AWS, messages are received
// only roughly in the order in which they were sent.
func Default() Settings {
	return Settings{
		BatchSize:   5,
		BadShare:    0.1,
		Mode:        Modes()[0],
		MaxReceives: 5,
		Visibility:  10,
		Work:        0.05,
		Levels:      1,
		MaxReorder:  100,
		Rate:        100,
	}
}

// Grid returns all combinations of the axes' values; the last axis varies fastest.
// Each axis is a list of changes to base. An axis without changes is ignored.
func Grid(base Settings, axes ...[]func(*Settings)) []Settings {
	points := []Settings{base}
	for _, axis := range axes {
		if len(axis) == 0 {
			continue
		}

		var next []Settings
		for _, p := range points {
			for _, change := range axis {
				s := p
				change(&s)
				next = append(next, s)
			}
		}

		points = next
	}

	return points
}

// Sweep returns an axis for Grid: a change for each of the values, which set applies.
func Sweep[T any](set func(*Settings, T), values ...T) []func(*Settings) {
	out := make([]func(*Settings), len(values))
	for i, v := range values {
		out[i] = func(s *Settings) { set(s, v) }
	}
	return out
}

// Runs returns the number of runs of the plan.
func (p Plan) Runs() int {
	n := 0
	for _, q := range p.Studies {
		n += len(q.Points) * p.Seeds
	}
	return n
}

// Check returns an error that names everything that is wrong with the plan.
func (p Plan) Check() error {
	var errs []error
	if p.Messages < 1 {
		errs = append(errs, fmt.Errorf("messages %d: want 1 or more", p.Messages))
	}
	if p.Seeds < 1 {
		errs = append(errs, fmt.Errorf("seeds %d: want 1 or more", p.Seeds))
	}

	errs = append(errs, p.Prices.check())
	// Names of studies become names of files.
	seen := map[string]bool{}
	for _, q := range p.Studies {
		if seen[q.Name] {
			errs = append(errs, fmt.Errorf("there are two studies named %s", q.Name))
		}

		seen[q.Name] = true
		for _, s := range q.Points {
			if err := s.Check(); err != nil {
				errs = append(errs, err)
			}
		}
	}

	return unique(errs)
}

// unique joins errors and drops those with the same text: many points of a grid
// may be wrong in the same way.
func unique(errs []error) error {
	seen := map[string]bool{}
	var out []error
	for _, err := range errs {
		if err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
			out = append(out, err)
		}
	}
	return errors.Join(out...)
}
