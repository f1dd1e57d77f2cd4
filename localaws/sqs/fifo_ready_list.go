package sqs

// groups is the line of a FIFO queue. A group may be received from when its
// oldest message is visible; it is then walked from there to the first message
// that is not (SQS N2). Groups take turns (SQS N5).
type fifoReadyList struct {
	byID        map[string]*messageGroup
	first, last *messageGroup // those that may be received from
}

// group is the messages of one MessageGroupId, oldest first, linked by their
// place in line.
type messageGroup struct {
	id         string
	head, tail *message
	prev, next *messageGroup // among the ready
	ready      bool
}

func newFIFOReadyList() *fifoReadyList { return &fifoReadyList{byID: map[string]*messageGroup{}} }

func (g *fifoReadyList) add(m *message) {
	id := m.optional.groupID
	of := g.byID[id]
	if of == nil {
		of = &messageGroup{id: id}
		g.byID[id] = of
	}
	m.group = of
	l := &m.links[readyLinks]
	l.linked, l.prev = true, of.tail
	if of.tail == nil {
		of.head = m
	} else {
		of.tail.links[readyLinks].next = m
	}
	of.tail = m
	g.update(of)
}

func (g *fifoReadyList) show(m *message) { g.update(m.group) }
func (g *fifoReadyList) hide(m *message) { g.update(m.group) }

func (g *fifoReadyList) remove(m *message) {
	of, l := m.group, m.links[readyLinks]
	if l.prev == nil {
		of.head = l.next
	} else {
		l.prev.links[readyLinks].next = l.next
	}
	if l.next == nil {
		of.tail = l.prev
	} else {
		l.next.links[readyLinks].prev = l.prev
	}
	m.links[readyLinks], m.group = listLink{}, nil
	if of.head == nil {
		delete(g.byID, of.id)
	}
	g.update(of)
}

// next goes on in prev's group while its messages are visible, and then to the
// next group in turn (SQS N1).
func (g *fifoReadyList) next(prev *message) *message {
	if prev != nil && prev.group != nil {
		if m := prev.links[readyLinks].next; m != nil && m.state == visible {
			return m
		}
	}
	if g.first == nil {
		return nil
	}
	return g.first.head
}

// look puts a group among the ready or takes it from there, as its oldest
// message demands.
func (g *fifoReadyList) update(of *messageGroup) {
	ready := of.head != nil && of.head.state == visible
	switch {
	case ready && !of.ready:
		of.prev = g.last
		if g.last == nil {
			g.first = of
		} else {
			g.last.next = of
		}
		g.last = of
	case !ready && of.ready:
		g.unlink(of)
	}
	of.ready = ready
}

func (g *fifoReadyList) unlink(of *messageGroup) {
	if of.prev == nil {
		g.first = of.next
	} else {
		of.prev.next = of.next
	}
	if of.next == nil {
		g.last = of.prev
	} else {
		of.next.prev = of.prev
	}
	of.prev, of.next = nil, nil
}
