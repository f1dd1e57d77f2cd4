package sqs

// line decides which visible message is received next.
type line interface {
	// add takes in a message that has come into the queue, in any state.
	add(m *message)
	// show says that m, which was added, has become visible.
	show(m *message)
	// hide says that m is no longer visible, but still in the queue.
	hide(m *message)
	// remove says that m leaves the queue, visible or not.
	remove(m *message)
	// next is the message to receive after prev in the same call, or as the
	// call's first when prev is nil; nil when there is none to be had.
	next(prev *message) *message
}

// shelf is the line of a standard queue: by place (SQS I13), from which a message
// may stray each time that it becomes visible.
type shelf struct {
	order order
	stray func() int // how many places back; nil for none
}

func newShelf(stray func() int) *shelf {
	return &shelf{order: newOrder(inLine, lateInLine), stray: stray}
}

func (s *shelf) add(m *message) {
	if m.state == visible {
		s.show(m)
	}
}

func (s *shelf) show(m *message) {
	place := int64(m.place)
	if s.stray != nil {
		place += int64(s.stray())
	}
	s.order.add(place, m)
}

func (s *shelf) hide(m *message)        { s.order.remove(m) }
func (s *shelf) remove(m *message)      { s.order.remove(m) }
func (s *shelf) next(*message) *message { return s.order.first() }
