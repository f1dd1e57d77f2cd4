package sqs

// The heaps that a message may be in: indexes into message.heapIndex.
const (
	deadlineHeap = iota
	readyHeap
	ageHeap
	heapCount
)

// messageHeap is a binary heap of messages by a key, the least at the root. Among
// equal keys the message with the lower number is less.
//
// Each message stores its index in the heap, so that it can be removed without a
// search. Keys are stored beside the pointers, so that a comparison does not load
// the message.
type messageHeap struct {
	index int // which of message.heapIndex this heap maintains
	items []heapItem
}

type heapItem struct {
	key int64
	m   *message
}

func (a heapItem) less(b heapItem) bool {
	if a.key != b.key {
		return a.key < b.key
	}
	return a.m.number < b.m.number
}

func (h *messageHeap) len() int { return len(h.items) }

// min returns the least key; ok is false if the heap is empty.
func (h *messageHeap) min() (key int64, ok bool) {
	if len(h.items) == 0 {
		return 0, false
	}
	return h.items[0].key, true
}

func (h *messageHeap) push(key int64, m *message) {
	h.items = append(h.items, heapItem{key, m})
	h.up(len(h.items) - 1)
}

// remove removes m if it is in the heap.
func (h *messageHeap) remove(m *message) {
	i := m.heapIndex[h.index] - 1
	if i < 0 {
		return
	}
	m.heapIndex[h.index] = 0

	// Move the last item to the free slot, and down or up from there.
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

// shrink frees memory if most of the capacity is unused.
func (h *messageHeap) shrink() {
	if c := cap(h.items); c > 1024 && len(h.items) < c/4 {
		h.items = append(make([]heapItem, 0, c/2), h.items...)
	}
}

func (h *messageHeap) up(i int) {
	item := h.items[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !item.less(h.items[parent]) {
			break
		}
		h.set(i, h.items[parent])
		i = parent
	}
	h.set(i, item)
}

func (h *messageHeap) down(i int) {
	item := h.items[i]
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			break
		}
		if right := child + 1; right < len(h.items) && h.items[right].less(h.items[child]) {
			child = right
		}

		// Stop where the order holds.
		if !h.items[child].less(item) {
			break
		}
		h.set(i, h.items[child])
		i = child
	}
	h.set(i, item)
}

// set stores an item at i and the index in its message.
func (h *messageHeap) set(i int, item heapItem) {
	h.items[i] = item
	item.m.heapIndex[h.index] = i + 1
}
