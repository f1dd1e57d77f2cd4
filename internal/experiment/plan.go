package experiment

import (
	"errors"
	"fmt"
)

// Plan is what to try.
type Plan struct {
	// Studies are the questions, with names of their own.
	Studies []Question
	// Messages is how many messages each run sends, 1 or more.
	Messages int
	// Seed is the first run's of every cell.
	Seed uint64
	// Seeds is how many runs a cell has, 1 or more; two are needed to see how much
	// runs differ.
	Seeds int
	// Prices are what costs are estimated with.
	Prices Prices
}

// Question is a study before it was made.
type Question struct {
	// Name, Title and Text are the study's name, title and question.
	Name, Title, Text string
	// Points are the settings to try, in order.
	Points []Settings
}

// Default is a deployment with default settings (docs/terraform.md), a tenth of
// whose messages are bad, asked for 100 messages a second. They come in no strict
// order, as on AWS.
func Default() Settings {
	return Settings{
		BatchSize: 5, BadShare: 0.1, Mode: Modes()[0], MaxReceives: 5, Visibility: 10, Work: 0.05, Levels: 1, Stray: 100, Rate: 100,
	}
}

// Grid combines the values of every axis, the last one fastest. Each axis is a
// list of changes to the settings; an axis without any is left out.
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

// Vals makes an axis of values.
func Vals[T any](set func(*Settings, T), values ...T) []func(*Settings) {
	out := make([]func(*Settings), len(values))
	for i, v := range values {
		out[i] = func(s *Settings) { set(s, v) }
	}
	return out
}

// Runs is how many runs the plan takes.
func (p Plan) Runs() int {
	n := 0
	for _, q := range p.Studies {
		n += len(q.Points) * p.Seeds
	}
	return n
}

// Check names what is wrong with a plan.
func (p Plan) Check() error {
	var errs []error
	if p.Messages < 1 {
		errs = append(errs, fmt.Errorf("messages %d: want 1 or more", p.Messages))
	}
	if p.Seeds < 1 {
		errs = append(errs, fmt.Errorf("seeds %d: want 1 or more", p.Seeds))
	}
	errs = append(errs, p.Prices.check())
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

// unique joins errors, each text once: many points of a grid are wrong in the
// same way.
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
