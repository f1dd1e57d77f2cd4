package logs

import "container/heap"

// mergeHeap reads several streams in order of time. It is a heap of readers,
// ordered by their current event; it has no reader that is at its end.
type mergeHeap []*streamReader

// add adds a reader, unless it has no events.
func (m *mergeHeap) add(r *streamReader) {
	if r.advance() {
		heap.Push(m, r)
	}
}

// next returns the earliest event and the name of its stream, and advances. ok is
// false at the end.
func (m *mergeHeap) next() (stream string, e event, ok bool) {
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

// Less orders readers by their current event.
func (m mergeHeap) Less(i, j int) bool { return m[i].position().compare(m[j].position()) < 0 }

// Swap exchanges two readers.
func (m mergeHeap) Swap(i, j int) { m[i], m[j] = m[j], m[i] }

// Push appends a reader.
func (m *mergeHeap) Push(x any) { *m = append(*m, x.(*streamReader)) }

// Pop removes the last reader.
func (m *mergeHeap) Pop() any {
	old := *m
	last := old[len(old)-1]
	*m = old[:len(old)-1]
	return last
}
