package sqs

// The orders that a message may be in, each with its link in message.links.
const (
	inLine = iota
	byAge
)

// link is a message's place in a list.
type link struct {
	prev, next *message
	key        int64
	in         bool
}

// order keeps messages by a key that nearly always grows. Those that come in
// order form a list; the few that come late go into a heap beside it. So the
// usual add, remove and first cost no more with a million messages than with
// one.
type order struct {
	which      int
	head, tail *message
	late       heap
}

func newOrder(which, slot int) order { return order{which: which, late: heap{slot: slot}} }

func (o *order) add(key int64, m *message) {
	l := &m.links[o.which]
	l.key = key
	if o.tail != nil && key < o.tail.links[o.which].key {
		o.late.push(key, m)
		return
	}
	l.in, l.prev, l.next = true, o.tail, nil
	if o.tail == nil {
		o.head = m
	} else {
		o.tail.links[o.which].next = m
	}
	o.tail = m
}

// remove takes m out, if it is in the order.
func (o *order) remove(m *message) {
	l := &m.links[o.which]
	if !l.in {
		o.late.remove(m)
		return
	}
	if l.prev == nil {
		o.head = l.next
	} else {
		l.prev.links[o.which].next = l.next
	}
	if l.next == nil {
		o.tail = l.prev
	} else {
		l.next.links[o.which].prev = l.prev
	}
	*l = link{}
}

// first is the message with the least key, or nil.
func (o *order) first() *message {
	key, some := o.late.min()
	if some && (o.head == nil || key < o.head.links[o.which].key) {
		return o.late.items[0].m
	}
	return o.head
}

// all yields every message, in no order that means anything.
func (o *order) all(yield func(*message) bool) {
	for m := o.head; m != nil; {
		next := m.links[o.which].next
		if !yield(m) {
			return
		}
		m = next
	}
	for _, it := range o.late.items {
		if !yield(it.m) {
			return
		}
	}
}
