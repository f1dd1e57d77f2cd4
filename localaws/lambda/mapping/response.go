package mapping

import (
	"bytes"
	"encoding/json"
)

// parseFailures reads a function's response under ReportBatchItemFailures. It returns for
// each of the messages with these ids whether it failed. ok is false if the response
// makes the whole batch fail (LAM B35, B36).
func parseFailures(payload []byte, ids []string) (failed []bool, ok bool) {
	payload = bytes.Trim(payload, " \t\r\n")
	if listed, plain := parsePlain(payload); plain {
		return failedMessages(listed, ids)
	}

	failed = make([]bool, len(ids))
	if len(payload) == 0 {
		return failed, true
	}

	if !json.Valid(payload) {
		return nil, false
	}

	var response map[string]json.RawMessage
	if payload[0] != '{' || json.Unmarshal(payload, &response) != nil {
		return failed, true // null, a scalar or a list reports no failure (LAM G2)
	}

	// Without the list nothing failed.
	list, found := response["batchItemFailures"]
	if !found || string(list) == "null" {
		return failed, true
	}

	var entries []map[string]json.RawMessage
	if json.Unmarshal(list, &entries) != nil {
		return nil, false
	}

	listed := make([]string, 0, len(entries))
	for _, e := range entries {
		// An identifier that is missing, null or no string is invalid.
		var id *string
		if json.Unmarshal(e["itemIdentifier"], &id) != nil || id == nil {
			return nil, false
		}
		listed = append(listed, *id)
	}

	return failedMessages(listed, ids)
}

// failedMessages returns for each message whether it is listed as failed. ok is false if
// the list has an id that no message has.
func failedMessages(listed, ids []string) (failed []bool, ok bool) {
	failed = make([]bool, len(ids))
	if len(listed) == 0 {
		return failed, true
	}

	isListed := make(map[string]bool, len(ids)) // for each id of the batch
	for _, id := range ids {
		isListed[id] = false
	}

	for _, id := range listed {
		if _, inBatch := isListed[id]; !inBatch {
			return nil, false
		}
		isListed[id] = true
	}

	for i, id := range ids {
		failed[i] = isListed[id]
	}

	return failed, true
}

// parsePlain reads responses in the form in which most runtimes write them: no failure, or
// a list of ids without white space and escapes. It is faster than encoding/json. plain
// is false for any other form, valid or not.
func parsePlain(payload []byte) (listed []string, plain bool) {
	switch string(payload) {
	case `{"batchItemFailures":null}`, `{"batchItemFailures":[]}`:
		return nil, true
	}

	rest, ok := bytes.CutPrefix(payload, []byte(`{"batchItemFailures":[`))

	// Each iteration reads one entry, {"itemIdentifier":"ID"}, and a comma or the end.
	for ok {
		if rest, ok = bytes.CutPrefix(rest, []byte(`{"itemIdentifier":"`)); !ok {
			break
		}

		end := bytes.IndexFunc(rest, func(r rune) bool { return !isIDRune(r) })

		// An id with other characters is left to encoding/json.
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

// isIDRune reports whether message ids contain r.
func isIDRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r == '-'
}
