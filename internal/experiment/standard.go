package experiment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/functions/consumer/consume"
)

// Standard answers the standard questions of the given names, or all of them
// without a name.
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

// StandardNames are the names of the standard questions.
func StandardNames() []string {
	var names []string
	for _, q := range standard() {
		names = append(names, q.Name)
	}
	return names
}

// standard are the questions whose answers stand in docs/experiment.md: whether a
// batch size is too big, and whether each of the three causes for which teams lose
// good messages can be seen to do so, and to stop.
func standard() []Question {
	base := Default()
	whole := base
	whole.Mode = consume.WholeBatch
	bare := base // most teams' first queue: three receives, then the dead-letter queue
	bare.Levels, bare.MaxReceives, bare.BadShare = 0, 3, 0
	slow := bare
	slow.Work = 1
	scarce := bare
	scarce.Work = 0.5
	modes := Vals(func(s *Settings, v string) { s.Mode = v }, Modes()...)
	return []Question{
		{
			"batch-size", "Is the batch size too big?",
			"What share of the good messages do bad ones drag into the dead-letter queue, by batch size, by the share of bad messages, and by how the consumer reports failures?",
			Grid(base, modes,
				Vals(func(s *Settings, v float64) { s.BadShare = v }, 0.01, 0.05, 0.1),
				Vals(func(s *Settings, v int) { s.BatchSize = v }, 1, 5, 10)),
		}, {
			"load", "Does the load matter?",
			"A tenth of the messages is bad, and one fails its batch of up to five. Batches are as full as the queue lets them be, and Lambda polls less after failures. What does the rate of messages do?",
			Grid(whole, Vals(func(s *Settings, v float64) { s.Rate = v }, 1, 10, 30, 100, 300)),
		}, {
			"order", "Does the order of delivery matter?",
			"A standard queue promises no order. If it kept exactly to the order in which messages were sent, a batch that failed would meet again as it was. How far may a message stray, and what does that do?",
			Grid(whole, Vals(func(s *Settings, v int) { s.Stray = v }, 0, 5, 20, 100, 1000)),
		}, {
			"max-receives", "Does a higher maxReceiveCount help?",
			"A tenth of the messages is bad, and one fails its batch of five. Do more receives per message save the good ones?",
			Grid(whole, Vals(func(s *Settings, v int) { s.MaxReceives = v }, 1, 3, 5, 10, 20)),
		}, {
			"retry-levels", "Do retry levels help?",
			"A tenth of the messages is bad, in batches of five. What do retry levels, three replays each, do for good and bad messages?",
			Grid(base, modes, Vals(func(s *Settings, v int) { s.Levels = v }, 0, 1, 2, 3)),
		}, {
			"visibility", "Is the visibility timeout too short?",
			"No message is bad. A batch of five takes 5 s on average and 7.5 s at most; after three receives a message is dead-lettered. (AWS refuses a mapping to a queue whose visibility timeout is below the function's; it can be lowered afterwards.)",
			Grid(slow, Vals(func(s *Settings, v int) { s.Visibility = v }, 1, 2, 3, 5, 8, 30)),
		}, {
			"duration", "Is the function too slow?",
			"No message is bad, and the visibility timeout is 10 s. How long may the work on a message take, in batches of five, when three receives are all there are?",
			Grid(bare, Vals(func(s *Settings, v float64) { s.Work = v }, 0.5, 1, 2, 4, 8)),
		}, {
			"concurrency", "Is there too little concurrency?",
			"No message is bad; a batch of five takes 2.5 s, and the load asks for some fifty invocations at once. What does reserved concurrency do, with the mapping bounded and without?",
			Grid(scarce,
				Vals(func(s *Settings, v int) { s.MaxConcurrency = v }, 0, 2),
				Vals(func(s *Settings, v int) { s.Reserved = v }, 2, 5, 10)),
		},
	}
}
