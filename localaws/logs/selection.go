package logs

import "slices"

// selection selects events of a stream by time and position.
type selection struct {
	from   int64    // epoch ms, inclusive
	to     int64    // epoch ms, exclusive
	after  position // exclusive
	before position // exclusive
}

// contains reports whether an event at the position is selected.
func (s selection) contains(p position) bool {
	return p.time >= s.from && p.time < s.to && p.compare(s.after) > 0 && p.compare(s.before) < 0
}

// overlapping returns the blocks that can have selected events. The blocks are
// sorted.
func (s selection) overlapping(all []*block) []*block {
	// lo is the first block that is not entirely before the selection.
	lo, _ := slices.BinarySearchFunc(all, s, func(b *block, s selection) int {
		if b.last.time < s.from || b.last.compare(s.after) <= 0 {
			return -1
		}
		return 1
	})

	// hi is the first block that is entirely after the selection.
	hi, _ := slices.BinarySearchFunc(all, s, func(b *block, s selection) int {
		if b.first.time >= s.to || b.first.compare(s.before) >= 0 {
			return 1
		}
		return -1
	})

	return all[lo:max(lo, hi)]
}

// streamReader reads the selected events of a stream in order of position.
type streamReader struct {
	stream    string
	selection selection
	rest      []*block     // blocks after the current one
	block     blockReader  // the current block
	current   encodedEvent // the current event
}

// advance moves to the next selected event. It returns false at the end.
func (r *streamReader) advance() bool {
	for {
		// An error cannot happen: blocks in a stream are valid.
		e, err := r.block.next()
		switch {
		case err == nil && e != nil && r.selection.contains(position{e.time, e.seq}):
			r.current = *e
			return true
		case err == nil && e != nil:
		case len(r.rest) == 0:
			return false
		default:
			r.block = blockReader{rest: r.rest[0].data}
			r.rest = r.rest[1:]
		}
	}
}

func (r *streamReader) position() position { return position{r.current.time, r.current.seq} }

// firstPage returns the first selected events, within the limits of a page: at most
// limit events and maxPageBytes, but at least one event if there is any.
func (s selection) firstPage(blocks []*block, limit int) []event {
	var page []event
	var size int64
	for r := (&streamReader{selection: s, rest: blocks}); len(page) < limit && r.advance(); {
		size += int64(len(r.current.message)) + eventOverhead
		if size > maxPageBytes && len(page) > 0 {
			break
		}
		page = append(page, r.current.decode())
	}
	return page
}

// lastPage returns the last selected events, within the limits of a page; see
// firstPage.
func (s selection) lastPage(blocks []*block, limit int) []event {
	var page []event // in reverse order
	var size int64

	// Decode blocks from the end until the page is full.
	for _, b := range slices.Backward(blocks) {
		for _, e := range slices.Backward(b.events()) {
			if !s.contains(e.position()) {
				continue
			}
			size += e.size()
			if len(page) == limit || size > maxPageBytes && len(page) > 0 {
				slices.Reverse(page)
				return page
			}
			page = append(page, e)
		}
	}

	slices.Reverse(page)
	return page
}
