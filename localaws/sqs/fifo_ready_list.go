package sqs

// fifoReadyList is the ready list of a FIFO queue. A message group is ready if its
// oldest message is visible; it is then received up to its first message that is
// not visible (SQS N2). Ready groups are served round-robin (SQS N5).
type fifoReadyList struct {
	byID        map[string]*messageGroup
	first, last *messageGroup // list of the ready groups
}

// messageGroup is the messages of one MessageGroupId. They form a list from the
// oldest to the newest, whatever their state.
type messageGroup struct {
	id         string
	head, tail *message

	prev, next *messageGroup // in the list of the ready groups
	ready      bool
}

func newFIFOReadyList() *fifoReadyList {
	return &fifoReadyList{byID: map[string]*messageGroup{}}
}

func (l *fifoReadyList) add(m *message) {
	id := m.optional.groupID
	g := l.byID[id]
	if g == nil {
		g = &messageGroup{id: id}
		l.byID[id] = g
	}
	m.group = g

	// Append to the group's list.
	links := &m.links[readyLinks]
	links.linked = true
	links.prev = g.tail
	if g.tail == nil {
		g.head = m
	} else {
		g.tail.links[readyLinks].next = m
	}
	g.tail = m

	l.update(g)
}

func (l *fifoReadyList) show(m *message) { l.update(m.group) }
func (l *fifoReadyList) hide(m *message) { l.update(m.group) }

func (l *fifoReadyList) remove(m *message) {
	g := m.group
	links := m.links[readyLinks]

	// Unlink from the group's list.
	if links.prev == nil {
		g.head = links.next
	} else {
		links.prev.links[readyLinks].next = links.next
	}
	if links.next == nil {
		g.tail = links.prev
	} else {
		links.next.links[readyLinks].prev = links.prev
	}
	m.links[readyLinks] = listLink{}
	m.group = nil

	if g.head == nil {
		delete(l.byID, g.id)
	}
	l.update(g)
}

// next continues in prev's group while its messages are visible, and then takes the
// next ready group (SQS N1).
func (l *fifoReadyList) next(prev *message) *message {
	if prev != nil && prev.group != nil {
		if m := prev.links[readyLinks].next; m != nil && m.state == visible {
			return m
		}
	}
	if l.first == nil {
		return nil
	}
	return l.first.head
}

// update adds a group to the ready groups or removes it, depending on the state of
// its oldest message.
func (l *fifoReadyList) update(g *messageGroup) {
	ready := g.head != nil && g.head.state == visible
	switch {
	// Append to the end: groups are served round-robin.
	case ready && !g.ready:
		g.prev = l.last
		if l.last == nil {
			l.first = g
		} else {
			l.last.next = g
		}
		l.last = g
	case !ready && g.ready:
		l.unlink(g)
	}
	g.ready = ready
}

// unlink removes a group from the list of the ready groups.
func (l *fifoReadyList) unlink(g *messageGroup) {
	if g.prev == nil {
		l.first = g.next
	} else {
		g.prev.next = g.next
	}
	if g.next == nil {
		l.last = g.prev
	} else {
		g.next.prev = g.prev
	}
	g.prev = nil
	g.next = nil
}
