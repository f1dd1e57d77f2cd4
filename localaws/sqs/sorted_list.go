package sqs

// The orders that a message may be in, each with its link in message.links.
const (
	readyLinks = iota
	ageLinks
)

// link is a message's place in a list.
type listLink struct {
	prev, next *message
	key        int64
	linked     bool
}

// order keeps messages by a key that nearly always grows. Those that come in
// order form a list; the few that come late go into a heap beside it. So the
// usual add, remove and first cost no more with a million messages than with
// one.
type sortedList struct {
	links      int
	head, tail *message
	outOfOrder messageHeap
}

func newSortedList(which, slot int) sortedList {
	return sortedList{links: which, outOfOrder: messageHeap{index: slot}}
}

func (o *sortedList) add(key int64, m *message) {
	l := &m.links[o.links]
	l.key = key
	if o.tail != nil && key < o.tail.links[o.links].key {
		o.outOfOrder.push(key, m)
		return
	}
	l.linked, l.prev, l.next = true, o.tail, nil
	if o.tail == nil {
		o.head = m
	} else {
		o.tail.links[o.links].next = m
	}
	o.tail = m
}

// remove takes m out, if it is in the order.
func (o *sortedList) remove(m *message) {
	l := &m.links[o.links]
	if !l.linked {
		o.outOfOrder.remove(m)
		return
	}
	if l.prev == nil {
		o.head = l.next
	} else {
		l.prev.links[o.links].next = l.next
	}
	if l.next == nil {
		o.tail = l.prev
	} else {
		l.next.links[o.links].prev = l.prev
	}
	*l = listLink{}
}

// first is the message with the least key, or nil.
func (o *sortedList) first() *message {
	key, some := o.outOfOrder.min()
	if some && (o.head == nil || key < o.head.links[o.links].key) {
		return o.outOfOrder.items[0].m
	}
	return o.head
}

// all yields every message, in no order that means anything.
func (o *sortedList) all(yield func(*message) bool) {
	for m := o.head; m != nil; {
		next := m.links[o.links].next
		if !yield(m) {
			return
		}
		m = next
	}
	for _, it := range o.outOfOrder.items {
		if !yield(it.m) {
			return
		}
	}
}
