package mapping

import (
	"bytes"
	"encoding/json"
)

// failures reads a function's answer under ReportBatchItemFailures: which of the
// messages with these ids it says have failed. ok is false when the answer makes
// the whole batch fail (LAM B35, B36).
func failures(payload []byte, ids []string) (failed []bool, ok bool) {
	failed = make([]bool, len(ids))
	payload = bytes.Trim(payload, " \t\r\n")
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
	if len(entries) == 0 {
		return failed, true
	}
	listed := make(map[string]bool, len(ids)) // by id: whether it is listed
	for _, id := range ids {
		listed[id] = false
	}
	for _, e := range entries {
		var id *string
		if json.Unmarshal(e["itemIdentifier"], &id) != nil || id == nil {
			return nil, false
		}
		if _, ours := listed[*id]; !ours {
			return nil, false
		}
		listed[*id] = true
	}
	for i, id := range ids {
		failed[i] = listed[id]
	}
	return failed, true
}
