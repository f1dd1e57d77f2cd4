package sqs

// The lists that a message may be in: indexes into message.links.
const (
	readyLinks = iota
	ageLinks
)

// listLink is a message's position in a list.
type listLink struct {
	prev, next *message
	key        int64
	linked     bool // is in the list
}

// sortedList sorts messages by a key that nearly always grows. Messages added in
// order form a linked list; the few added out of order go to a heap beside it. So
// the usual add, remove and first take constant time.
type sortedList struct {
	links      int // which of message.links this list maintains
	head, tail *message
	outOfOrder messageHeap
}

func newSortedList(links, heapIndex int) sortedList {
	return sortedList{links: links, outOfOrder: messageHeap{index: heapIndex}}
}

func (l *sortedList) add(key int64, m *message) {
	link := &m.links[l.links]
	link.key = key
	if l.tail != nil && key < l.tail.links[l.links].key {
		l.outOfOrder.push(key, m)
		return
	}

	link.linked = true
	link.prev = l.tail
	link.next = nil
	if l.tail == nil {
		l.head = m
	} else {
		l.tail.links[l.links].next = m
	}
	l.tail = m
}

// remove removes m if it is in the list.
func (l *sortedList) remove(m *message) {
	link := &m.links[l.links]
	if !link.linked {
		l.outOfOrder.remove(m)
		return
	}

	if link.prev == nil {
		l.head = link.next
	} else {
		link.prev.links[l.links].next = link.next
	}
	if link.next == nil {
		l.tail = link.prev
	} else {
		link.next.links[l.links].prev = link.prev
	}
	*link = listLink{}
}

// first returns the message with the least key, or nil.
func (l *sortedList) first() *message {
	key, ok := l.outOfOrder.min()
	if ok && (l.head == nil || key < l.head.links[l.links].key) {
		return l.outOfOrder.items[0].m
	}
	return l.head
}

// all yields every message in no particular order. The list must not change during
// the iteration.
func (l *sortedList) all(yield func(*message) bool) {
	for m := l.head; m != nil; m = m.links[l.links].next {
		if !yield(m) {
			return
		}
	}
	for _, item := range l.outOfOrder.items {
		if !yield(item.m) {
			return
		}
	}
}
