package sqs

// groups is the line of a FIFO queue. A group may be received from when its
// oldest message is visible; it is then walked from there to the first message
// that is not (SQS N2). Groups take turns (SQS N5).
type groups struct {
	byID        map[string]*group
	first, last *group // those that may be received from
}

// group is the messages of one MessageGroupId, oldest first, linked by their
// place in line.
type group struct {
	id         string
	head, tail *message
	prev, next *group // among the ready
	ready      bool
}

func newGroups() *groups { return &groups{byID: map[string]*group{}} }

func (g *groups) add(m *message) {
	id := m.traits.group
	of := g.byID[id]
	if of == nil {
		of = &group{id: id}
		g.byID[id] = of
	}
	m.group = of
	l := &m.links[inLine]
	l.in, l.prev = true, of.tail
	if of.tail == nil {
		of.head = m
	} else {
		of.tail.links[inLine].next = m
	}
	of.tail = m
	g.look(of)
}

func (g *groups) show(m *message) { g.look(m.group) }
func (g *groups) hide(m *message) { g.look(m.group) }

func (g *groups) remove(m *message) {
	of, l := m.group, m.links[inLine]
	if l.prev == nil {
		of.head = l.next
	} else {
		l.prev.links[inLine].next = l.next
	}
	if l.next == nil {
		of.tail = l.prev
	} else {
		l.next.links[inLine].prev = l.prev
	}
	m.links[inLine], m.group = link{}, nil
	if of.head == nil {
		delete(g.byID, of.id)
	}
	g.look(of)
}

// next goes on in prev's group while its messages are visible, and then to the
// next group in turn (SQS N1).
func (g *groups) next(prev *message) *message {
	if prev != nil && prev.group != nil {
		if m := prev.links[inLine].next; m != nil && m.state == visible {
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
func (g *groups) look(of *group) {
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

func (g *groups) unlink(of *group) {
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
