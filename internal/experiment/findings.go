package experiment

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/reliableq/reliableq/functions/consumer/consume"
)

// cause is a way in which good messages come to be dead-lettered, told by the
// receives that were in vain.
type cause struct {
	why, cure string
	wasted    func(Wasted) float64
}

var causes = []cause{
	{
		"a bad message fails its whole batch", "report each message by itself (per_message), or take batches of one",
		func(w Wasted) float64 { return w.Neighbour },
	}, {
		"the function has no concurrency left, and a throttled batch uses up a receive of each of its messages",
		"bound the mapping with a maximum concurrency no higher than the reserved one, so that messages wait in the queue, where waiting uses up nothing",
		func(w Wasted) float64 { return w.Throttled },
	}, {
		"the visibility timeout ends while the function is at work, and the message is received again",
		"a visibility timeout longer than the slowest batch takes; AWS advises six function timeouts",
		func(w Wasted) float64 { return w.Overtaken },
	},
}

// findings says of a study's cells which settings are safe, and why.
func findings(cells []Cell) []string {
	f := finder{axes: Vary(cells)}
	for _, c := range cells {
		switch {
		case c.GoodDead > 0 || c.Lost > 0:
			f.unsafe = append(f.unsafe, c)
		case vain(c) > 0:
			f.strained = append(f.strained, c)
		default:
			f.safe = append(f.safe, c)
		}
	}
	out := []string{}
	add := func(sentences ...string) {
		for _, s := range sentences {
			if s != "" {
				out = append(out, s)
			}
		}
	}
	add(f.lost(), f.safety())
	for _, cause := range causes {
		add(f.blame(cause))
	}
	for _, a := range f.axes {
		add(f.trend(cells, a))
	}
	add(f.strain(), f.saving())
	return out
}

// finder looks at the cells of one study.
type finder struct {
	axes     []Axis
	safe     []Cell // no good message had a receive in vain
	strained []Cell // some had, and none is dead
	unsafe   []Cell // some are dead, or lost
}

// vain is how many receives a good message had in vain on average. Where there
// are any, enough of them may fall on one message.
func vain(c Cell) float64 {
	return c.Wasted.Neighbour + c.Wasted.Throttled + c.Wasted.Overtaken
}

// lost tells of messages that are nowhere, which nothing here should bring about.
func (f *finder) lost() string {
	n := 0
	for _, c := range f.unsafe {
		n += c.Lost
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s messages were LOST: neither processed nor in any queue. Please report this.", thousandsOf(n))
}

// safety says with which settings good messages pay for nothing but themselves.
func (f *finder) safety() string {
	good := 0
	for _, c := range f.safe {
		good += c.Good
	}
	if good == 0 {
		return f.danger()
	}
	_, high := wilson(0, float64(good))
	proof := fmt.Sprintf("of %s good messages none was dead-lettered there, or even received in vain, and with 95 %% confidence fewer than %s are", thousandsOf(good), percent(high))
	if len(f.unsafe)+len(f.strained) == 0 {
		return "Every setting that was tried is safe: " + proof + "."
	}
	return "Safe: " + strings.Join(f.safeSettings(), "; ") + ". Together, " + proof + "."
}

// danger says that nothing is safe, unless there is nothing.
func (f *finder) danger() string {
	if len(f.strained) == 0 && !slices.ContainsFunc(f.unsafe, func(c Cell) bool { return c.GoodDead > 0 }) {
		return ""
	}
	text := "No setting that was tried is safe: with each, good messages were received in vain"
	if len(f.strained) == 0 {
		least := slices.MinFunc(f.unsafe, func(a, b Cell) int { return cmp.Compare(a.Share, b.Share) })
		text += fmt.Sprintf(", and %s or more of them were dead-lettered", percent(least.Share))
	}
	return text + "."
}

// safeSettings names the safe settings: first the values with which everything is
// safe, whatever the rest, then the cells that are left.
func (f *finder) safeSettings() []string {
	left := slices.Clone(f.safe)
	var out []string
	for _, a := range f.axes {
		for _, v := range values(f.safe, a) {
			has := func(c Cell) bool { return a.Value(c.Settings) == v }
			if len(f.axes) > 1 && slices.ContainsFunc(left, has) && !slices.ContainsFunc(f.unsafe, has) && !slices.ContainsFunc(f.strained, has) {
				out = append(out, a.Title+" "+v+" whatever the rest")
				left = slices.DeleteFunc(left, has)
			}
		}
	}
	for i, c := range left {
		if i == 4 && len(left) > 5 {
			return append(out, fmt.Sprintf("%d more", len(left)-i))
		}
		out = append(out, f.name(c, ""))
	}
	return out
}

// blame tells of the cells in which a cause wastes the most receives.
func (f *finder) blame(by cause) string {
	var cells []Cell
	for _, c := range f.unsafe {
		n := by.wasted(c.Wasted)
		if n > 0 && !slices.ContainsFunc(causes, func(other cause) bool { return other.wasted(c.Wasted) > n }) {
			cells = append(cells, c)
		}
	}
	if len(cells) == 0 {
		return ""
	}
	worst := slices.MaxFunc(cells, func(a, b Cell) int { return cmp.Compare(a.Share, b.Share) })
	where := f.name(worst, "")
	if where != "" {
		where = " with " + where
	}
	if len(cells) > 1 {
		where += fmt.Sprintf(", the worst of %d such settings", len(cells))
	}
	return fmt.Sprintf("Unsafe: %s of the good messages (%s to %s) were dead-lettered%s. Why: %s; a good message was received %s times in vain for that on average. Cure: %s.",
		percent(worst.Share), percent(worst.Low), percent(worst.High), where, by.why, figure(by.wasted(worst.Wasted)), by.cure)
}

// trend shows what an axis does where it does the most.
func (f *finder) trend(cells []Cell, a Axis) string {
	if _, numeric := a.Number(Settings{}); !numeric {
		return ""
	}
	line, reach := []Cell(nil), 0.0
	for _, l := range f.lines(cells, a) {
		low := slices.MinFunc(l, func(a, b Cell) int { return cmp.Compare(a.Share, b.Share) })
		high := slices.MaxFunc(l, func(a, b Cell) int { return cmp.Compare(a.Share, b.Share) })
		if high.Share-low.Share > reach {
			line, reach = l, high.Share-low.Share
		}
	}
	if line == nil {
		return ""
	}
	return f.along(a, line, "good messages dead-lettered", func(c Cell) string { return percent(c.Share) })
}

// along tells a figure for each value of an axis.
func (f *finder) along(a Axis, line []Cell, what string, figure func(Cell) string) string {
	steps := make([]string, len(line))
	for i, c := range line {
		steps[i] = a.Value(c.Settings) + ": " + figure(c)
	}
	rest := f.name(line[0], a.Key)
	if rest != "" {
		rest = " (" + rest + ")"
	}
	return fmt.Sprintf("By %s%s, %s: %s.", a.Title, rest, what, strings.Join(steps, ", "))
}

// strain tells of settings with which no good message was dead-lettered only
// because there were receives to waste.
func (f *finder) strain() string {
	if len(f.strained) == 0 {
		return ""
	}
	worst := slices.MaxFunc(f.strained, func(a, b Cell) int { return cmp.Compare(vain(a), vain(b)) })
	return fmt.Sprintf("Luck: with %s no good message was dead-lettered, but one was received %s times in vain on average; with a lower maxReceiveCount, more load or more time, some will be.",
		cmp.Or(f.name(worst, ""), "these settings"), figure(vain(worst)))
}

// saving says what larger batches save, among settings that report each message.
func (f *finder) saving() string {
	i := slices.IndexFunc(f.axes, func(a Axis) bool { return a.Key == "batch_size" })
	if i < 0 {
		return ""
	}
	var line []Cell
	for _, l := range f.lines(f.safe, f.axes[i]) {
		if len(l) > 1 && l[0].Mode == consume.PerMessage && (line == nil || l[0].Cost.Total-l[len(l)-1].Cost.Total > line[0].Cost.Total-line[len(line)-1].Cost.Total) {
			line = l
		}
	}
	if line == nil {
		return ""
	}
	return f.along(f.axes[i], line, "dollars for a million messages", func(c Cell) string { return strconv.FormatFloat(c.Cost.Total, 'f', 2, 64) })
}

// lines are the cells that differ along an axis alone, by its value.
func (f *finder) lines(cells []Cell, a Axis) [][]Cell {
	var names []string
	byName := map[string][]Cell{}
	for _, c := range cells {
		n := f.name(c, a.Key)
		if byName[n] == nil {
			names = append(names, n)
		}
		byName[n] = append(byName[n], c)
	}
	out := make([][]Cell, len(names))
	for i, n := range names {
		out[i] = byName[n]
		slices.SortStableFunc(out[i], func(c, d Cell) int {
			x, _ := a.Number(c.Settings)
			y, _ := a.Number(d.Settings)
			return cmp.Compare(x, y)
		})
	}
	return out
}

// name names a cell by the settings that vary, but for one.
func (f *finder) name(c Cell, but string) string {
	var out []string
	for _, a := range f.axes {
		if a.Key != but {
			out = append(out, a.Title+" "+a.Value(c.Settings))
		}
	}
	return strings.Join(out, ", ")
}

// values are those that an axis takes, each once, in order of coming.
func values(cells []Cell, a Axis) []string {
	var out []string
	for _, c := range cells {
		if v := a.Value(c.Settings); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// percent writes a share for a sentence, with three digits that count.
func percent(share float64) string { return figure(share*100) + " %" }

// figure writes a number with three digits that count, and no exponent.
func figure(x float64) string {
	if x == 0 {
		return "0"
	}
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(x)))))
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
