package sqsbatch

import (
	"slices"

	"github.com/aws/aws-lambda-go/events"
)

// linearUpTo is the batch size up to which a linear search for repeated keys is
// faster than a map.
const linearUpTo = 16

// fifoGroup is a message group of a FIFO queue. It is the zero value for messages of
// standard queues.
type fifoGroup struct{ queueARN, group string }

// groupOf returns the message's FIFO group.
func groupOf(m *events.SQSMessage) fifoGroup {
	if !ordered(m) {
		return fifoGroup{}
	}
	return fifoGroup{m.EventSourceARN, m.Attributes[groupAttribute]}
}

// plan returns a result for each record. It links the messages of each FIFO group
// into a list, and marks those that repeat an earlier one.
func plan(records []events.SQSMessage, key func(*events.SQSMessage) string) []Result {
	results := make([]Result, len(records))
	var tails map[fifoGroup]int // last message of each group; nil until there is a group
	for i := range records {
		m := &records[i]
		r := &results[i]
		r.Message = m
		r.key = m.MessageId
		r.head = true
		if key != nil {
			r.callKey(key)
		}

		in := groupOf(m)
		if in == (fifoGroup{}) {
			continue
		}
		if tails == nil {
			tails = make(map[fifoGroup]int)
		}

		// Link the message to the last one of its group.
		if tail, ok := tails[in]; ok {
			results[tail].next = i + 1
			r.head = false
		}
		tails[in] = i
	}

	if tails != nil {
		countRest(results)
	}
	if len(results) <= linearUpTo {
		markDuplicates(results)
	} else {
		markDuplicatesByMap(results)
	}
	return results
}

// orderOf returns the indices of the messages in the order in which their groups are
// started if the batch does not fit into the time: those that were received most often
// first, because they have the fewest receives left. It returns nil if all were received
// equally often.
func orderOf(results []Result) []int {
	first := results[0].Message.Attributes[receiveCountAttribute]
	differs := func(r Result) bool { return r.Message.Attributes[receiveCountAttribute] != first }
	if !slices.ContainsFunc(results, differs) {
		return nil
	}

	order := make([]int, len(results))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return receiveCount(results[b].Message) - receiveCount(results[a].Message)
	})
	return order
}

// countRest counts, for each message, those after it in its group.
func countRest(results []Result) {
	for i := len(results) - 1; i >= 0; i-- {
		if next := results[i].next; next > 0 {
			results[i].rest = results[next-1].rest + 1
		}
	}
}

// callKey calls the user's key function. A panic in it, for example because an
// attribute is missing, fails only this message.
func (r *Result) callKey(key func(*events.SQSMessage) string) {
	r.key = ""
	defer func() {
		if v := recover(); v != nil {
			r.Outcome = Failed
			r.Err = panicked(v)
		}
	}()
	r.key = key(r.Message)
}

// markDuplicates marks messages that repeat an earlier one of the same group. Messages
// of different groups are not duplicates of each other: their order would depend on
// another group.
func markDuplicates(results []Result) {
	for i := range results {
		for j := range i {
			if results[i].key != "" && results[i].key == results[j].key && results[j].duplicateOf == 0 &&
				groupOf(results[i].Message) == groupOf(results[j].Message) {
				results[i].duplicateOf = j + 1
				break
			}
		}
	}
}

// markDuplicatesByMap is markDuplicates for large batches.
func markDuplicatesByMap(results []Result) {
	type identity struct {
		key string
		in  fifoGroup
	}
	first := make(map[identity]int, len(results))
	for i := range results {
		at := identity{results[i].key, groupOf(results[i].Message)}
		if j, seen := first[at]; seen {
			results[i].duplicateOf = j + 1
		} else if at.key != "" {
			first[at] = i
		}
	}
}

// settleDuplicates gives duplicates in standard queues the outcome of the message
// that they repeat. Those in a FIFO group were settled in order.
func (r *run) settleDuplicates() {
	for i := range r.results {
		if result := &r.results[i]; result.duplicateOf > 0 && result.head {
			r.settleDuplicate(result)
		}
	}
}

// settleDuplicate gives a duplicate the outcome of the message that it repeats. If that is
// another message with the same idempotency key, and it did not succeed, the duplicate is
// reported as failed, so that SQS delivers it again and it is processed by itself.
func (r *run) settleDuplicate(result *Result) {
	first := &r.results[result.duplicateOf-1]
	if first.Outcome == Succeeded {
		if err := r.comparePayloads(result, first); err != nil {
			result.Outcome = Failed
			result.Err = err
			return
		}
	}
	if first.Outcome == Succeeded || first.Message.MessageId == result.Message.MessageId {
		result.Outcome = first.Outcome
		result.Err = first.Err
		result.Duplicate = true
		result.permanent = first.permanent
		result.throttled = first.throttled
		result.hiddenFor = first.hiddenFor
	} else {
		result.Err = ErrRepeats
	}
}
