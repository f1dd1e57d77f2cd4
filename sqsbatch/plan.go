package sqsbatch

import "github.com/aws/aws-lambda-go/events"

// linearUpTo is the batch size up to which a repeated key is found faster by
// looking at all before it than by a map.
const linearUpTo = 16

// lane is what a message keeps its place in: a group of a FIFO queue. Messages
// of standard queues have none.
type lane struct{ queueARN, group string }

// laneOf is the message's lane. A group id on a standard queue (SQS F9) orders
// nothing.
func laneOf(m *events.SQSMessage) lane {
	if !ordered(m) {
		return lane{}
	}
	return lane{m.EventSourceARN, m.Attributes[groupAttribute]}
}

// plan makes a result for each record, links the messages of each FIFO group
// into a chain, and marks those that repeat an earlier one.
func plan(records []events.SQSMessage, key func(*events.SQSMessage) string) []Result {
	results := make([]Result, len(records))
	var tails map[lane]int
	for i := range records {
		m, r := &records[i], &results[i]
		r.Message, r.key, r.head = m, m.MessageId, true
		if key != nil {
			r.callKey(key)
		}
		in := laneOf(m)
		if in == (lane{}) {
			continue
		}
		if tails == nil {
			tails = make(map[lane]int)
		}
		if tail, ok := tails[in]; ok {
			results[tail].next, r.head = i+1, false
		}
		tails[in] = i
	}
	if len(results) <= linearUpTo {
		markTwins(results)
	} else {
		markTwinsByMap(results)
	}
	return results
}

// callKey asks for the message's key. A message without the attribute that its
// key is made of must not take its neighbours along.
func (r *Result) callKey(key func(*events.SQSMessage) string) {
	r.key = ""
	defer func() {
		if v := recover(); v != nil {
			r.Outcome, r.Err = Failed, panicked(v)
		}
	}()
	r.key = key(r.Message)
}

// A message repeats an earlier one only within its lane: as the twin of one in
// another lane it would be judged by an order that is not its own.

func markTwins(results []Result) {
	for i := range results {
		for j := range i {
			if results[i].key != "" && results[i].key == results[j].key && results[j].twin == 0 &&
				laneOf(results[i].Message) == laneOf(results[j].Message) {
				results[i].twin = j + 1
				break
			}
		}
	}
}

func markTwinsByMap(results []Result) {
	type place struct {
		key string
		in  lane
	}
	first := make(map[place]int, len(results))
	for i := range results {
		at := place{results[i].key, laneOf(results[i].Message)}
		if j, seen := first[at]; seen {
			results[i].twin = j + 1
		} else if at.key != "" {
			first[at] = i
		}
	}
}

// settleTwins gives repeated messages of standard queues the outcome of the one
// they repeat; those of a group have theirs from when their turn came.
func (r *run) settleTwins() {
	for i := range r.results {
		if result := &r.results[i]; result.twin > 0 && result.head {
			r.settleTwin(result)
		}
	}
}

// settleTwin gives a repeated message the outcome of the one it repeats. If that
// is another message with its key, then only where the work is done: else it
// comes back, to be tried by itself.
func (r *run) settleTwin(result *Result) {
	first := &r.results[result.twin-1]
	if first.Outcome == Succeeded || first.Message.MessageId == result.Message.MessageId {
		result.Outcome, result.Err, result.Duplicate, result.permanent = first.Outcome, first.Err, true, first.permanent
		result.throttled, result.hiddenFor = first.throttled, first.hiddenFor
	} else {
		result.Err = ErrRepeats
	}
}
