package experiment

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/consumer/consume"
)

// tried returns a cell of 1,000 good messages with default settings except for a
// change.
func tried(change func(*Cell)) Cell {
	c := Cell{Settings: Default(), Good: 1000, Bad: 100}
	change(&c)
	c.Share, c.Low, c.High = share([]int{c.GoodDead}, []int{c.Good}, 1)
	return c
}

func whole(size, dead int, wasted float64) Cell {
	return tried(func(c *Cell) {
		c.Mode, c.BatchSize, c.GoodDead, c.Wasted.BatchFailed = consume.WholeBatch, size, dead, wasted
	})
}

func each(size int, cost float64) Cell {
	return tried(func(c *Cell) { c.BatchSize, c.Cost.Total = size, cost })
}

func TestFindings(t *testing.T) {
	t.Parallel()
	throttled := func(reserved, bound, dead int, wasted float64) Cell {
		return tried(func(c *Cell) {
			c.Reserved, c.MaxConcurrency, c.GoodDead, c.Wasted.Throttled = reserved, bound, dead, wasted
		})
	}
	for _, tt := range []struct {
		name  string
		cells []Cell
		want  []string
	}{
		{"no cells", nil, []string{}},
		{"one safe cell", []Cell{each(5, 1)}, []string{
			"Every setting that was tried is safe: of 1,000 good messages none was dead-lettered or had a wasted receive; with 95 % confidence, fewer than 0.383 % are dead-lettered.",
		}},
		{"modes and batch sizes", []Cell{each(1, 4), each(5, 3), whole(1, 0, 0), whole(5, 50, 2.5)}, []string{
			"Safe: mode per_message in every combination; batch size 1 in every combination. Together, of 3,000 good messages none was dead-lettered or had a wasted receive; with 95 % confidence, fewer than 0.128 % are dead-lettered.",
			"Unsafe: 5 % of the good messages (3.81 % to 6.53 %) were dead-lettered with mode whole_batch, batch size 5. Cause: a bad message fails its whole batch; a good message had 2.5 wasted receives on average for this reason. Remedy: report each message by itself (per_message), or use a batch size of 1.",
			"By batch size (mode whole_batch), good messages dead-lettered: 1: 0 %, 5: 5 %.",
			"By batch size (mode per_message), dollars per million messages: 1: 4.00, 5: 3.00.",
		}},
		{"nothing is safe", []Cell{whole(5, 50, 2), whole(10, 200, 4)}, []string{
			"No setting that was tried is safe: with each, good messages had wasted receives, and 5 % or more of them were dead-lettered.",
			"Unsafe: 20 % of the good messages (17.6 % to 22.6 %) were dead-lettered with batch size 10, the worst of 2 such settings. Cause: a bad message fails its whole batch; a good message had 4 wasted receives on average for this reason. Remedy: report each message by itself (per_message), or use a batch size of 1.",
			"By batch size, good messages dead-lettered: 5: 5 %, 10: 20 %.",
		}},
		{"too little concurrency", []Cell{throttled(2, 0, 100, 1.5), throttled(2, 2, 0, 0)}, []string{
			"Safe: maximum concurrency of the mapping 2. Together, of 1,000 good messages none was dead-lettered or had a wasted receive; with 95 % confidence, fewer than 0.383 % are dead-lettered.",
			"Unsafe: 10 % of the good messages (8.29 % to 12 %) were dead-lettered with maximum concurrency of the mapping none. Cause: the function's concurrency is used up, and a throttled batch uses up a receive of each of its messages; a good message had 1.5 wasted receives on average for this reason. Remedy: set the mapping's maximum concurrency no higher than the reserved concurrency, so that messages wait in the queue, which uses up no receive.",
			"By maximum concurrency of the mapping, good messages dead-lettered: none: 10 %, 2: 0 %.",
		}},
		{"at risk", []Cell{throttled(10, 0, 0, 0.45)}, []string{
			"No setting that was tried is safe: with each, good messages had wasted receives.",
			"At risk: with these settings no good message was dead-lettered, but one had 0.45 wasted receives on average; with a lower maxReceiveCount, more load or more time, some will be dead-lettered.",
		}},
		{"some safe, some at risk", []Cell{throttled(10, 0, 0, 0.45), throttled(20, 0, 0, 0)}, []string{
			"Safe: reserved concurrency 20. Together, of 1,000 good messages none was dead-lettered or had a wasted receive; with 95 % confidence, fewer than 0.383 % are dead-lettered.",
			"At risk: with reserved concurrency 10 no good message was dead-lettered, but one had 0.45 wasted receives on average; with a lower maxReceiveCount, more load or more time, some will be dead-lettered.",
		}},
		{"lost", []Cell{tried(func(c *Cell) { c.Lost = 3 })}, []string{
			"3 messages were LOST: neither processed nor in any queue. Please report this.",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, findings(tt.cells)); diff != "" {
				t.Errorf("%s", diff)
			}
		})
	}
}

// A long list of safe settings is shortened, with the number of those left out.
func TestFindingsShortenLongLists(t *testing.T) {
	t.Parallel()
	var cells []Cell
	for n := 1; n <= 9; n++ {
		cells = append(cells, tried(func(c *Cell) { c.MaxReceives = n }))
	}
	cells = append(cells, tried(func(c *Cell) { c.MaxReceives, c.GoodDead, c.Wasted.VisibilityExpired = 10, 1, 1 }))
	if got := findings(cells)[0]; !strings.Contains(got, "maxReceiveCount 4; 5 more. Together, of 9,000") {
		t.Error(got)
	}
}

func TestFigureHasThreeSignificantDigits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x    float64
		want string
	}{{0, "0"}, {0.0000123456, "0.0000123"}, {0.5, "0.5"}, {9.999, "10"}, {12.345, "12.3"}, {123.45, "123"}, {98765.4, "98765"}} {
		t.Run(fmt.Sprint(tt.x), func(t *testing.T) {
			if got := figure(tt.x); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
