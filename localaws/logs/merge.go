package logs

import "container/heap"

// run is what is left to read of one stream.
type run struct {
	stream string
	events []event
}

// merge reads several streams as one, in order of time. It is a heap of runs,
// none empty, by their first event.
type merge []run

// add puts a run in, unless it is empty.
func (m *merge) add(r run) {
	if len(r.events) > 0 {
		heap.Push(m, r)
	}
}

// next takes the earliest event.
func (m *merge) next() (stream string, e event, any bool) {
	if len(*m) == 0 {
		return "", event{}, false
	}
	first := &(*m)[0]
	stream, e = first.stream, first.events[0]
	if first.events = first.events[1:]; len(first.events) == 0 {
		heap.Pop(m)
	} else {
		heap.Fix(m, 0)
	}
	return stream, e, true
}

// Len, Less, Swap, Push and Pop make merge a heap.Interface.
func (m merge) Len() int { return len(m) }

// Less orders runs by their first event.
func (m merge) Less(i, j int) bool {
	return m[i].events[0].position().compare(m[j].events[0].position()) < 0
}

// Swap exchanges two runs.
func (m merge) Swap(i, j int) { m[i], m[j] = m[j], m[i] }

// Push appends a run.
func (m *merge) Push(x any) { *m = append(*m, x.(run)) }

// Pop removes the last run.
func (m *merge) Pop() any {
	old := *m
	last := old[len(old)-1]
	*m = old[:len(old)-1]
	return last
}
