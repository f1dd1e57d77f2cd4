package cloudwatch

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// maxHistory is the most items of an alarm's history; beyond it the oldest are
// dropped.
const maxHistory = 500

// historyItem is an item of an alarm's history, with its number in the order of all
// items.
type historyItem struct {
	AlarmHistoryItem
	seq uint64
}

// addHistory adds an item to the alarm's history. The caller holds mu.
func (s *Service) addHistory(a *alarm, at time.Time, kind, summary, data string) {
	s.historySeq++
	a.history = append(a.history, historyItem{
		seq: s.historySeq,
		AlarmHistoryItem: AlarmHistoryItem{
			AlarmName:       a.name(),
			AlarmType:       "MetricAlarm",
			Timestamp:       awsapi.Timestamp(at),
			HistoryItemType: kind,
			HistorySummary:  summary,
			HistoryData:     data,
		},
	})
	if n := len(a.history); n > maxHistory {
		a.history = slices.Clone(a.history[n-maxHistory:])
	}
}

// stateChange returns the HistoryData of a StateUpdate.
func stateChange(before, after alarmState) string {
	type state struct {
		Value  string          `json:"stateValue"`
		Reason string          `json:"stateReason"`
		Data   json.RawMessage `json:"stateReasonData,omitempty"`
	}

	// The reason data of a state set by SetAlarmState may be absent.
	describe := func(s alarmState) state {
		out := state{Value: s.Value, Reason: s.Reason}
		if json.Valid([]byte(s.ReasonData)) {
			out.Data = json.RawMessage(s.ReasonData)
		}
		return out
	}

	return encodeText(struct {
		Version string `json:"version"`
		Old     state  `json:"oldState"`
		New     state  `json:"newState"`
	}{"1.0", describe(before), describe(after)})
}

// recordActions adds the actions of a state to the alarm's history, as failed: they
// are not delivered. The caller holds mu.
func (s *Service) recordActions(a *alarm, at time.Time, value string) {
	if a.config.ActionsEnabled != nil && !*a.config.ActionsEnabled {
		return
	}

	actions := map[string][]string{
		stateOK:           a.config.OKActions,
		stateAlarm:        a.config.AlarmActions,
		stateInsufficient: a.config.InsufficientDataActions,
	}[value]

	for _, arn := range actions {
		const reason = "the embedded AWS records alarm actions and does not deliver them"
		summary := fmt.Sprintf("Failed to execute action %s. Received error: %q", arn, reason)
		data := encodeText(struct {
			State     string `json:"actionState"`
			Timestamp string `json:"stateUpdateTimestamp"`
			Resource  string `json:"notificationResource"`
			Error     string `json:"error"`
		}{"Failed", at.Format(time.RFC3339), arn, reason})
		s.addHistory(a, at, "Action", summary, data)
	}
}

// encodeText returns a value as JSON.
func encodeText(v any) string { return string(encode(v)) }
