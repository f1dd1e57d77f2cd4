package sqs

// line decides which visible message is received next.
type readyList interface {
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
type standardReadyList struct {
	list  sortedList
	stray func() int // how many places back; nil for none
}

func newStandardReadyList(stray func() int) *standardReadyList {
	return &standardReadyList{list: newSortedList(readyLinks, readyHeap), stray: stray}
}

func (s *standardReadyList) add(m *message) {
	if m.state == visible {
		s.show(m)
	}
}

func (s *standardReadyList) show(m *message) {
	place := int64(m.position)
	if s.stray != nil {
		place += int64(s.stray())
	}
	s.list.add(place, m)
}

func (s *standardReadyList) hide(m *message)        { s.list.remove(m) }
func (s *standardReadyList) remove(m *message)      { s.list.remove(m) }
func (s *standardReadyList) next(*message) *message { return s.list.first() }
