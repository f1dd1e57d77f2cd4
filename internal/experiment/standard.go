package experiment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/functions/consumer/consume"
)

// Standard returns the standard questions of the given names, or all of them if
// there is no name.
func Standard(names ...string) ([]Question, error) {
	all := standard()
	if len(names) == 0 {
		return all, nil
	}
	for _, n := range names {
		if !slices.Contains(StandardNames(), n) {
			return nil, fmt.Errorf("study %q: want one of %s", n, strings.Join(StandardNames(), ", "))
		}
	}
	return slices.DeleteFunc(all, func(q Question) bool { return !slices.Contains(names, q.Name) }), nil
}

// StandardNames returns the names of the standard questions.
func StandardNames() []string {
	var names []string
	for _, q := range standard() {
		names = append(names, q.Name)
	}
	return names
}

// standard returns the questions of docs/experiment.md: whether a batch size is
// too big, and whether each of the three known causes dead-letters good messages
// and no longer does once it is corrected.
func standard() []Question {
	base := Default()
	whole := base
	whole.Mode = consume.WholeBatch
	bare := base // a common first queue: three receives, then the dead-letter queue
	bare.Levels = 0
	bare.MaxReceives = 3
	bare.BadShare = 0
	slow := bare
	slow.Work = 1
	scarce := bare
	scarce.Work = 0.5
	modes := Sweep(func(s *Settings, v string) { s.Mode = v }, Modes()...)
	return []Question{
		{
			"batch-size", "Is the batch size too big?",
			"What share of the good messages is dead-lettered because of bad ones, by batch size, by the share of bad messages, and by how the consumer reports failures?",
			Grid(base, modes,
				Sweep(func(s *Settings, v float64) { s.BadShare = v }, 0.01, 0.05, 0.1),
				Sweep(func(s *Settings, v int) { s.BatchSize = v }, 1, 5, 10)),
		}, {
			"load", "Does the load matter?",
			"10 % of the messages are bad, and each fails its batch of up to five. Batches are fuller when the queue is, and Lambda polls less after failures. What is the effect of the rate of messages?",
			Grid(whole, Sweep(func(s *Settings, v float64) { s.Rate = v }, 1, 10, 30, 100, 300)),
		}, {
			"order", "Does the order of delivery matter?",
			"A standard queue guarantees no order. If it kept the send order exactly, a failed batch would be received again unchanged. What is the effect of how far a message may be from its send position?",
			Grid(whole, Sweep(func(s *Settings, v int) { s.MaxReorder = v }, 0, 5, 20, 100, 1000)),
		}, {
			"max-receives", "Does a higher maxReceiveCount help?",
			"10 % of the messages are bad, and each fails its batch of five. Are fewer good messages dead-lettered with more receives per message?",
			Grid(whole, Sweep(func(s *Settings, v int) { s.MaxReceives = v }, 1, 3, 5, 10, 20)),
		}, {
			"retry-levels", "Do retry levels help?",
			"10 % of the messages are bad, in batches of five. What is the effect of retry levels, with three replays each, on good and bad messages?",
			Grid(base, modes, Sweep(func(s *Settings, v int) { s.Levels = v }, 0, 1, 2, 3)),
		}, {
			"visibility", "Is the visibility timeout too short?",
			"No message is bad. A batch of five takes 5 s on average and 7.5 s at most; after three receives a message is dead-lettered. (AWS refuses a mapping to a queue whose visibility timeout is below the function's; it can be lowered afterwards.)",
			Grid(slow, Sweep(func(s *Settings, v int) { s.Visibility = v }, 1, 2, 3, 5, 8, 30)),
		}, {
			"duration", "Is the function too slow?",
			"No message is bad, and the visibility timeout is 10 s. How long may the work on a message take, in batches of five and with a maxReceiveCount of three?",
			Grid(bare, Sweep(func(s *Settings, v float64) { s.Work = v }, 0.5, 1, 2, 4, 8)),
		}, {
			"concurrency", "Is there too little concurrency?",
			"No message is bad; a batch of five takes 2.5 s, and the load needs about fifty concurrent invocations. What is the effect of reserved concurrency, with and without a maximum concurrency of the mapping?",
			Grid(scarce,
				Sweep(func(s *Settings, v int) { s.MaxConcurrency = v }, 0, 2),
				Sweep(func(s *Settings, v int) { s.Reserved = v }, 2, 5, 10)),
		},
	}
}
