package sqs

// readyList decides which visible message of a queue is received next.
type readyList interface {
	// add adds a message that was added to the queue, in any state.
	add(m *message)
	// show records that m, which was added before, became visible.
	show(m *message)
	// hide records that m is no longer visible, but still in the queue.
	hide(m *message)
	// remove removes a message that leaves the queue, visible or not.
	remove(m *message)
	// next returns the message to receive after prev in the same call, or the
	// call's first if prev is nil. It returns nil if no message can be received.
	next(prev *message) *message
}

// standardReadyList is the ready list of a standard queue, sorted by position (SQS
// I13).
type standardReadyList struct {
	list  sortedList
	stray func() int // positions to fall back each time; nil for none
}

func newStandardReadyList(stray func() int) *standardReadyList {
	return &standardReadyList{
		list:  newSortedList(readyLinks, readyHeap),
		stray: stray,
	}
}

func (l *standardReadyList) add(m *message) {
	if m.state == visible {
		l.show(m)
	}
}

func (l *standardReadyList) show(m *message) {
	position := int64(m.position)
	if l.stray != nil {
		position += int64(l.stray())
	}
	l.list.add(position, m)
}

func (l *standardReadyList) hide(m *message)        { l.list.remove(m) }
func (l *standardReadyList) remove(m *message)      { l.list.remove(m) }
func (l *standardReadyList) next(*message) *message { return l.list.first() }
