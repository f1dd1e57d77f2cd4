package sqsbatch

import "github.com/aws/aws-lambda-go/events"

// linearUpTo is the batch size up to which a repeated key is found faster by
// looking at all before it than by a map.
const linearUpTo = 16

// plan makes a result for each record, links the messages of each FIFO group
// into a chain, and marks those that repeat an earlier one.
func plan(records []events.SQSMessage, key func(*events.SQSMessage) string) []Result {
	results := make([]Result, len(records))
	var tails map[string]int
	for i := range records {
		m, r := &records[i], &results[i]
		r.Message, r.key, r.head = m, m.MessageId, true
		if key != nil {
			r.key = key(m)
		}
		if !ordered(m) {
			continue
		}
		if tails == nil {
			tails = make(map[string]int)
		}
		if tail, ok := tails[m.Attributes[groupAttribute]]; ok {
			results[tail].next, r.head = i+1, false
		}
		tails[m.Attributes[groupAttribute]] = i
	}
	if len(results) <= linearUpTo {
		markTwins(results)
	} else {
		markTwinsByMap(results)
	}
	return results
}

func markTwins(results []Result) {
	for i := range results {
		for j := range i {
			if results[i].key != "" && results[i].key == results[j].key && results[j].twin == 0 {
				results[i].twin = j + 1
				break
			}
		}
	}
}

func markTwinsByMap(results []Result) {
	first := make(map[string]int, len(results))
	for i := range results {
		if j, seen := first[results[i].key]; seen {
			results[i].twin = j + 1
		} else if results[i].key != "" {
			first[results[i].key] = i
		}
	}
}
