package sqs

// The heaps that a message may be in, each with its slot in message.at.
const (
	deadlineHeap = iota
	readyHeap
	ageHeap
	heapCount
)

// heap is a binary heap of messages by a key, the least at the root, and among
// equals the elder. Each message knows its index, so that taking one out of the
// middle costs no search; keys lie beside the pointers, so that sifting does not
// touch messages it only compares.
type messageHeap struct {
	index int
	items []heapItem
}

type heapItem struct {
	key int64
	m   *message
}

func (a heapItem) before(b heapItem) bool {
	if a.key != b.key {
		return a.key < b.key
	}
	return a.m.number < b.m.number
}

func (h *messageHeap) len() int { return len(h.items) }

// min is the least key, and false when the heap is empty.
func (h *messageHeap) min() (int64, bool) {
	if len(h.items) == 0 {
		return 0, false
	}
	return h.items[0].key, true
}

func (h *messageHeap) push(key int64, m *message) {
	h.items = append(h.items, heapItem{key, m})
	h.up(len(h.items) - 1)
}

// remove takes m out, if it is in the heap.
func (h *messageHeap) remove(m *message) {
	i := m.heapIndex[h.index] - 1
	if i < 0 {
		return
	}
	m.heapIndex[h.index] = 0
	last := len(h.items) - 1
	moved := h.items[last]
	h.items[last] = heapItem{}
	h.items = h.items[:last]
	if i < last {
		h.items[i] = moved
		h.down(i)
		if h.items[i].m == moved.m {
			h.up(i)
		}
	}
	h.shrink()
}

// shrink gives memory back when most of it lies idle.
func (h *messageHeap) shrink() {
	if c := cap(h.items); c > 1024 && len(h.items) < c/4 {
		h.items = append(make([]heapItem, 0, c/2), h.items...)
	}
}

func (h *messageHeap) up(i int) {
	it := h.items[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !it.before(h.items[parent]) {
			break
		}
		h.set(i, h.items[parent])
		i = parent
	}
	h.set(i, it)
}

func (h *messageHeap) down(i int) {
	it := h.items[i]
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			break
		}
		if r := child + 1; r < len(h.items) && h.items[r].before(h.items[child]) {
			child = r
		}
		if !h.items[child].before(it) {
			break
		}
		h.set(i, h.items[child])
		i = child
	}
	h.set(i, it)
}

func (h *messageHeap) set(i int, it heapItem) {
	h.items[i] = it
	it.m.heapIndex[h.index] = i + 1
}
