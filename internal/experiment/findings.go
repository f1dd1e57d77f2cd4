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

// cause is a reason for which good messages are dead-lettered. Its wasted receives
// show it.
type cause struct {
	text   string
	remedy string
	wasted func(Wasted) float64
}

var causes = []cause{
	{
		"a bad message fails its whole batch",
		"report each message by itself (per_message), or use a batch size of 1",
		func(w Wasted) float64 { return w.BatchFailed },
	}, {
		"the function's concurrency is used up, and a throttled batch uses up a receive of each of its messages",
		"set the mapping's maximum concurrency no higher than the reserved concurrency, so that messages wait in the queue, which uses up no receive",
		func(w Wasted) float64 { return w.Throttled },
	}, {
		"the visibility timeout ends during the invocation, and the message is received again",
		"set a visibility timeout longer than the slowest batch takes; AWS recommends six function timeouts",
		func(w Wasted) float64 { return w.VisibilityExpired },
	},
}

// findings returns sentences that say which of a study's settings are safe, and
// why.
func findings(cells []Cell) []string {
	f := finder{axes: VaryingAxes(cells)}
	// Wasted receives without dead letters are a risk: more load would cause some.
	for _, c := range cells {
		switch {
		case c.GoodDead > 0 || c.Lost > 0:
			f.unsafe = append(f.unsafe, c)
		case wastedReceives(c) > 0:
			f.atRisk = append(f.atRisk, c)
		default:
			f.safe = append(f.safe, c)
		}
	}

	sentences := []string{f.lost(), f.safety()}
	for _, cause := range causes {
		sentences = append(sentences, f.worst(cause))
	}
	for _, a := range f.axes {
		sentences = append(sentences, f.trend(cells, a))
	}
	sentences = append(sentences, f.risk(), f.saving())
	return slices.DeleteFunc(sentences, func(s string) bool { return s == "" })
}

// finder writes the findings of one study. Its methods return a sentence, or
// nothing if there is nothing to say.
type finder struct {
	axes   []Axis
	safe   []Cell // no good message had a wasted receive
	atRisk []Cell // some had, and none was dead-lettered
	unsafe []Cell // some were dead-lettered, or lost
}

// wastedReceives returns the mean number of wasted receives of a good message.
// Above 0, a message may have so many of them that it is dead-lettered.
func wastedReceives(c Cell) float64 {
	return c.Wasted.BatchFailed + c.Wasted.Throttled + c.Wasted.VisibilityExpired
}

// lost reports lost messages, which are a bug.
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

// safety names the safe settings.
func (f *finder) safety() string {
	good := 0
	for _, c := range f.safe {
		good += c.Good
	}
	if good == 0 {
		return f.noneSafe()
	}

	// None of n was dead-lettered: the upper end of the interval is what may be true.
	_, high := wilson(0, float64(good))
	proof := fmt.Sprintf("of %s good messages none was dead-lettered or had a wasted receive; with 95 %% confidence, fewer than %s are dead-lettered", thousandsOf(good), percent(high))
	if len(f.unsafe)+len(f.atRisk) == 0 {
		return "Every setting that was tried is safe: " + proof + "."
	}
	return "Safe: " + strings.Join(f.safeSettings(), "; ") + ". Together, " + proof + "."
}

// noneSafe reports that no setting is safe.
func (f *finder) noneSafe() string {
	if len(f.atRisk) == 0 && !slices.ContainsFunc(f.unsafe, func(c Cell) bool { return c.GoodDead > 0 }) {
		return ""
	}

	text := "No setting that was tried is safe: with each, good messages had wasted receives"
	if len(f.atRisk) == 0 {
		least := slices.MinFunc(f.unsafe, func(a, b Cell) int { return cmp.Compare(a.Share, b.Share) })
		text += fmt.Sprintf(", and %s or more of them were dead-lettered", percent(least.Share))
	}
	return text + "."
}

// safeSettings returns the names of the safe settings: first the values that are
// safe in every combination, then the remaining cells.
func (f *finder) safeSettings() []string {
	left := slices.Clone(f.safe)
	var out []string
	for _, a := range f.axes {
		for _, v := range values(f.safe, a) {
			has := func(c Cell) bool { return a.Value(c.Settings) == v }
			if len(f.axes) > 1 && slices.ContainsFunc(left, has) && !slices.ContainsFunc(f.unsafe, has) && !slices.ContainsFunc(f.atRisk, has) {
				out = append(out, a.Title+" "+v+" in every combination")
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

// worst reports the worst of the cells in which a cause wastes the most receives.
func (f *finder) worst(by cause) string {
	// Cells for which this is the main cause.
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
	return fmt.Sprintf("Unsafe: %s of the good messages (%s to %s) were dead-lettered%s. Cause: %s; a good message had %s wasted receives on average for this reason. Remedy: %s.",
		percent(worst.Share), percent(worst.Low), percent(worst.High), where, by.text, figure(by.wasted(worst.Wasted)), by.remedy)
}

// trend reports the shares along an axis, for the values of the other axes with
// which they differ most.
func (f *finder) trend(cells []Cell, a Axis) string {
	if _, numeric := a.Number(Settings{}); !numeric {
		return ""
	}

	// Of all lines along the axis, the one with the largest difference.
	var line []Cell
	reach := 0.0
	for _, l := range f.lines(cells, a) {
		low := slices.MinFunc(l, func(a, b Cell) int { return cmp.Compare(a.Share, b.Share) })
		high := slices.MaxFunc(l, func(a, b Cell) int { return cmp.Compare(a.Share, b.Share) })
		if high.Share-low.Share > reach {
			line = l
			reach = high.Share - low.Share
		}
	}
	if line == nil {
		return ""
	}
	return f.along(a, line, "good messages dead-lettered", func(c Cell) string { return percent(c.Share) })
}

// along lists a figure for each value of an axis.
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

// risk reports settings with which no good message was dead-lettered only because
// there were receives left.
func (f *finder) risk() string {
	if len(f.atRisk) == 0 {
		return ""
	}

	worst := slices.MaxFunc(f.atRisk, func(a, b Cell) int { return cmp.Compare(wastedReceives(a), wastedReceives(b)) })
	return fmt.Sprintf("At risk: with %s no good message was dead-lettered, but one had %s wasted receives on average; with a lower maxReceiveCount, more load or more time, some will be dead-lettered.",
		cmp.Or(f.name(worst, ""), "these settings"), figure(wastedReceives(worst)))
}

// saving reports what larger batches save with per-message reporting.
func (f *finder) saving() string {
	i := slices.IndexFunc(f.axes, func(a Axis) bool { return a.Key == "batch_size" })
	if i < 0 {
		return ""
	}

	// The line that saves most from its smallest to its largest batch size.
	saved := func(l []Cell) float64 { return l[0].Cost.Total - l[len(l)-1].Cost.Total }
	var line []Cell
	for _, l := range f.lines(f.safe, f.axes[i]) {
		if len(l) > 1 && l[0].Mode == consume.PerMessage && (line == nil || saved(l) > saved(line)) {
			line = l
		}
	}
	if line == nil {
		return ""
	}
	return f.along(f.axes[i], line, "dollars per million messages", func(c Cell) string { return strconv.FormatFloat(c.Cost.Total, 'f', 2, 64) })
}

// lines groups the cells that differ only along an axis, ordered by its value.
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
			x, _ := a.Number(c.Settings) // 0 for all cells if it is not a number
			y, _ := a.Number(d.Settings)
			return cmp.Compare(x, y)
		})
	}
	return out
}

// name returns a cell's values on the axes, without the axis of the given key.
func (f *finder) name(c Cell, without string) string {
	var out []string
	for _, a := range f.axes {
		if a.Key != without {
			out = append(out, a.Title+" "+a.Value(c.Settings))
		}
	}
	return strings.Join(out, ", ")
}

// values returns the values that cells have on an axis, each once, in the order of
// the cells.
func values(cells []Cell, a Axis) []string {
	var out []string
	for _, c := range cells {
		if v := a.Value(c.Settings); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// percent formats a share with three significant digits.
func percent(share float64) string { return figure(share*100) + " %" }

// figure formats a number with three significant digits and no exponent.
func figure(x float64) string {
	if x == 0 {
		return "0"
	}

	// The first significant digit is at 10^floor(log10 x).
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(x)))))
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
