package logs

import "container/heap"

// mergeHeap reads several streams as one, in order of time. It is a heap of runs by
// their next events, and holds no run that has ended.
type mergeHeap []*streamReader

// add puts a run in, unless it is empty.
func (m *mergeHeap) add(r *streamReader) {
	if r.advance() {
		heap.Push(m, r)
	}
}

// next takes the earliest event.
func (m *mergeHeap) next() (stream string, e event, any bool) {
	if len(*m) == 0 {
		return "", event{}, false
	}

	first := (*m)[0]
	stream = first.stream
	e = first.current.decode()
	if first.advance() {
		heap.Fix(m, 0)
	} else {
		heap.Pop(m)
	}

	return stream, e, true
}

// Len, Less, Swap, Push and Pop make merge a heap.Interface.
func (m mergeHeap) Len() int { return len(m) }

// Less orders runs by their next event.
func (m mergeHeap) Less(i, j int) bool { return m[i].position().compare(m[j].position()) < 0 }

// Swap exchanges two runs.
func (m mergeHeap) Swap(i, j int) { m[i], m[j] = m[j], m[i] }

// Push appends a run.
func (m *mergeHeap) Push(x any) { *m = append(*m, x.(*streamReader)) }

// Pop removes the last run.
func (m *mergeHeap) Pop() any {
	old := *m
	last := old[len(old)-1]
	*m = old[:len(old)-1]
	return last
}
