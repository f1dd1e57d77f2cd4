package mapping

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"
)

var threeIDs = []string{"id-1", "id-2", "id-3"}

func TestResponsesUnderReportBatchItemFailures_B35(t *testing.T) {
	t.Parallel()

	all := []bool{false, false, false}
	none := []bool(nil)
	for _, tt := range []struct {
		name    string
		payload string
		want    []bool // failed; nil when the whole batch fails
	}{
		{"EmptyList", `{"batchItemFailures":[]}`, all},
		{"NullList", `{"batchItemFailures":null}`, all},
		{"EmptyObject", `{}`, all},
		{"Null", `null`, all},
		{"EmptyBody", ``, all},
		{"BlankBody", " \n", all},
		{"One", `{"batchItemFailures":[{"itemIdentifier":"id-2"}]}`, []bool{false, true, false}},
		{"Duplicate", `{"batchItemFailures":[{"itemIdentifier":"id-2"},{"itemIdentifier":"id-2"}]}`, []bool{false, true, false}},
		{"All", `{"batchItemFailures":[{"itemIdentifier":"id-1"},{"itemIdentifier":"id-2"},{"itemIdentifier":"id-3"}]}`, []bool{true, true, true}},
		{"FurtherMembers", `{"x":1,"batchItemFailures":[{"itemIdentifier":"id-3","why":"y"}]}`, []bool{false, false, true}},
		{"NotJSON", `{"batchItemFailures":`, none},
		{"TwoValues", `{}{}`, none},
		{"EmptyIdentifier", `{"batchItemFailures":[{"itemIdentifier":""}]}`, none},
		{"NullIdentifier", `{"batchItemFailures":[{"itemIdentifier":null}]}`, none},
		{"NumberIdentifier", `{"batchItemFailures":[{"itemIdentifier":2}]}`, none},
		{"BadKey", `{"batchItemFailures":[{"foo":"id-1"}]}`, none},
		{"KeyOfAnotherCase", `{"batchItemFailures":[{"ItemIdentifier":"id-1"}]}`, none},
		{"ForeignIdentifier", `{"batchItemFailures":[{"itemIdentifier":"id-1"},{"itemIdentifier":"id-9"}]}`, none},
		{"NullEntry", `{"batchItemFailures":[null]}`, none},
		{"StringEntry", `{"batchItemFailures":["id-1"]}`, none},
		{"NotAList", `{"batchItemFailures":"id-1"}`, none},
		{"ObjectForList", `{"batchItemFailures":{"itemIdentifier":"id-1"}}`, none},
		{"G2OtherKey", `{"other":1}`, all},
		{"G2ListOfAnotherCase", `{"BatchItemFailures":[{"itemIdentifier":"id-1"}]}`, all},
		{"G2String", `"done"`, all},
		{"G2Number", `7`, all},
		{"G2List", `[{"itemIdentifier":"id-1"}]`, all},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			failed, ok := parseFailures([]byte(tt.payload), threeIDs)
			if ok != (tt.want != nil) || ok && !slices.Equal(failed, tt.want) {
				t.Errorf("failed %v, valid %v; want %v", failed, ok, tt.want)
			}
		})
	}
}

func TestListedMessagesAreLeftToTheirVisibilityTimeout_B35(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.handler = payload(`{"batchItemFailures":[{"itemIdentifier":"id-3"}]}`) // id-1 is the watch
	w.create(reporting)
	w.send(queueARN, "a", "b", "c")
	w.advance(29 * time.Second)
	w.wantBatches([]string{"a", "b", "c"})
	if got, want := w.queues.deleted(queueARN), []string{"a", "c"}; !slices.Equal(got, want) {
		t.Errorf("deleted %q, want %q", got, want)
	}

	w.advance(time.Second)
	w.wantBatches([]string{"a", "b", "c"}, []string{"b"})
}

func TestMalformedResponseDeletesNothing_B35(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.handler = payload(`{"batchItemFailures":[{"itemIdentifier":"id-9"}]}`)
	w.create(reporting)
	w.send(queueARN, "a", "b")
	w.runDue()
	if got := w.queues.deleted(queueARN); len(got) != 0 {
		t.Errorf("deleted %q, want nothing", got)
	}
}

func TestFIFODeletesExactlyWhatIsNotListed_B38(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	first := true
	w.functions.handler = func(invocation) Outcome {
		if !first {
			return Outcome{}
		}
		first = false
		return Outcome{Payload: []byte(`{"batchItemFailures":[{"itemIdentifier":"id-3"},{"itemIdentifier":"id-4"},{"itemIdentifier":"id-5"}]}`)}
	}

	w.create(fromFIFO, reporting)
	w.send(fifoARN, "a:1", "a:2", "a:3", "a:4")
	w.advance(30 * time.Second)
	w.wantBatches([]string{"a:1", "a:2", "a:3", "a:4"}, []string{"a:2", "a:3", "a:4"})
	if n := len(w.queues.left(fifoARN)); n != 0 {
		t.Errorf("%d messages left", n)
	}
}

// Parsed failures are within the batch, and a response that is not JSON is never a
// success.
func FuzzFailures(f *testing.F) {
	f.Add([]byte(`{"batchItemFailures":[{"itemIdentifier":"id-2"}]}`))
	f.Add([]byte(`{"batchItemFailures":[{"itemIdentifier":null}]}`))
	f.Add([]byte(`[1,"x",{}]`))
	f.Add([]byte(`{"batchItemFailures":[{"itemIdentifier":"id-2"},{"itemIdentifier":"id-1"}]}`))
	f.Add([]byte(`{"batchItemFailures":[{"itemIdentifier":"id-2"},]}`))
	f.Add([]byte(`{"batchItemFailures":[]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		failed, ok := parseFailures(payload, threeIDs)
		if ok && len(failed) != len(threeIDs) {
			t.Errorf("%d results for %d messages", len(failed), len(threeIDs))
		}

		if len(bytes.Trim(payload, " \t\r\n")) > 0 && !json.Valid(payload) && ok {
			t.Errorf("%q is not JSON and counts as success", payload)
		}

		if listed, plain := parsePlain(payload); plain {
			var response struct {
				BatchItemFailures []struct{ ItemIdentifier string } `json:"batchItemFailures"`
			}

			if err := json.Unmarshal(payload, &response); err != nil || len(response.BatchItemFailures) != len(listed) {
				t.Fatalf("%q: parsed %q, encoding/json parses %v, %v", payload, listed, response, err)
			}

			for i, e := range response.BatchItemFailures {
				if e.ItemIdentifier != listed[i] {
					t.Errorf("%q: parsed %q instead of %q", payload, listed[i], e.ItemIdentifier)
				}
			}
		}
	})
}
