package mapping

import (
	"bytes"
	"encoding/json"
)

// parseFailures reads a function's answer under ReportBatchItemFailures: which of the
// messages with these ids it says have failed. ok is false when the answer makes
// the whole batch fail (LAM B35, B36).
func parseFailures(payload []byte, ids []string) (failed []bool, ok bool) {
	payload = bytes.Trim(payload, " \t\r\n")
	if listed, plain := parsePlain(payload); plain {
		return markFailed(listed, ids)
	}

	failed = make([]bool, len(ids))
	if len(payload) == 0 {
		return failed, true
	}

	if !json.Valid(payload) {
		return nil, false
	}

	var answer map[string]json.RawMessage
	if payload[0] != '{' || json.Unmarshal(payload, &answer) != nil {
		return failed, true // null, a scalar or a list names no failure (LAM G2)
	}

	list, there := answer["batchItemFailures"]
	if !there || string(list) == "null" {
		return failed, true
	}

	var entries []map[string]json.RawMessage
	if json.Unmarshal(list, &entries) != nil {
		return nil, false
	}

	listed := make([]string, 0, len(entries))
	for _, e := range entries {
		var id *string
		if json.Unmarshal(e["itemIdentifier"], &id) != nil || id == nil {
			return nil, false
		}
		listed = append(listed, *id)
	}

	return markFailed(listed, ids)
}

// markFailed says of each message whether it is listed; ok is false when one is that is
// none of them.
func markFailed(listed, ids []string) (failed []bool, ok bool) {
	failed = make([]bool, len(ids))
	if len(listed) == 0 {
		return failed, true
	}

	isListed := make(map[string]bool, len(ids)) // for each id of the batch
	for _, id := range ids {
		isListed[id] = false
	}

	for _, id := range listed {
		if _, ours := isListed[id]; !ours {
			return nil, false
		}
		isListed[id] = true
	}

	for i, id := range ids {
		failed[i] = isListed[id]
	}

	return failed, true
}

// parsePlain reads the answers that most functions give, in the form in which most
// runtimes write them: nothing failed, or a list of ids without white space and
// escapes. It does not judge what has another form.
func parsePlain(payload []byte) (listed []string, plain bool) {
	switch string(payload) {
	case `{"batchItemFailures":null}`, `{"batchItemFailures":[]}`:
		return nil, true
	}

	rest, ok := bytes.CutPrefix(payload, []byte(`{"batchItemFailures":[`))
	for ok {
		if rest, ok = bytes.CutPrefix(rest, []byte(`{"itemIdentifier":"`)); !ok {
			break
		}

		end := bytes.IndexFunc(rest, func(r rune) bool { return !isIDRune(r) })
		if end < 1 || !bytes.HasPrefix(rest[end:], []byte(`"}`)) {
			break
		}

		listed = append(listed, string(rest[:end]))
		rest = rest[end+len(`"}`):]
		if string(rest) == "]}" {
			return listed, true
		}

		rest, ok = bytes.CutPrefix(rest, []byte(","))
	}

	return nil, false
}

// isIDRune tells what message ids consist of.
func isIDRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r == '-'
}
