package cloudwatch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// maxHistory is the most items of an alarm's history; beyond it the oldest are
// dropped.
const maxHistory = 500

// AlarmHistoryItem is an event in the history of an alarm.
type AlarmHistoryItem struct {
	// AlarmName is the alarm's name.
	AlarmName string `json:"AlarmName"`
	// AlarmType is MetricAlarm.
	AlarmType string `json:"AlarmType"`
	// Timestamp is when it happened.
	Timestamp awsapi.Timestamp `json:"Timestamp"`
	// HistoryItemType is ConfigurationUpdate, StateUpdate or Action.
	HistoryItemType string `json:"HistoryItemType"`
	// HistorySummary is a sentence for display.
	HistorySummary string `json:"HistorySummary"`
	// HistoryData is a JSON object.
	HistoryData string `json:"HistoryData,omitempty"`
}

// addHistory adds an item to the alarm's history.
func (a *alarm) addHistory(at time.Time, kind, summary, data string) {
	a.history = append(a.history, AlarmHistoryItem{
		AlarmName:       a.name(),
		AlarmType:       "MetricAlarm",
		Timestamp:       awsapi.Timestamp(at),
		HistoryItemType: kind,
		HistorySummary:  summary,
		HistoryData:     data,
	})
	if n := len(a.history); n > maxHistory {
		a.history = slices.Clone(a.history[n-maxHistory:])
	}
}

// setState sets an alarm's state and saves it. If the value changes, the alarm's
// actions are recorded, once (LAM E25). The caller holds mu.
func (s *Service) setState(b *store.Batch, a *alarm, value, reason, data string) {
	now := s.clock.Now()
	before := a.state
	a.state = alarmState{
		Value:        value,
		Reason:       reason,
		ReasonData:   data,
		Updated:      now,
		Transitioned: before.Transitioned,
	}

	if value != before.Value {
		a.state.Transitioned = now
		a.addHistory(now, "StateUpdate", fmt.Sprintf("Alarm updated from %s to %s", before.Value, value), stateChange(before, a.state))
		a.recordActions(now, value)
	}

	s.saveAlarm(b, a)
}

// stateChange returns the HistoryData of a StateUpdate.
func stateChange(before, after alarmState) string {
	type state struct {
		Value  string          `json:"stateValue"`
		Reason string          `json:"stateReason"`
		Data   json.RawMessage `json:"stateReasonData,omitempty"`
	}

	// A reason that somebody set need not be JSON.
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

// recordActions adds the actions of a state to the history, as failed: they are not
// delivered.
func (a *alarm) recordActions(at time.Time, value string) {
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
		a.addHistory(at, "Action", summary, data)
	}
}

// encodeText returns a value as JSON.
func encodeText(v any) string { return string(encode(v)) }

// DescribeAlarmHistoryInput is the input of DescribeAlarmHistory.
type DescribeAlarmHistoryInput struct {
	// AlarmName selects one alarm; empty selects all.
	AlarmName string `json:"AlarmName,omitempty"`
	// AlarmTypes selects alarms by type. All alarms have the type MetricAlarm.
	AlarmTypes []string `json:"AlarmTypes,omitempty"`
	// HistoryItemType selects one type of item.
	HistoryItemType string `json:"HistoryItemType,omitempty"`
	// StartDate is the inclusive start of the range.
	StartDate *awsapi.Timestamp `json:"StartDate,omitempty"`
	// EndDate is the inclusive end of the range.
	EndDate *awsapi.Timestamp `json:"EndDate,omitempty"`
	// MaxRecords is the size of a page, 1 to 100; absent means 100.
	MaxRecords *int `json:"MaxRecords,omitempty"`
	// NextToken is the token of the page to return.
	NextToken string `json:"NextToken,omitempty"`
	// ScanBy is TimestampDescending, the default, or TimestampAscending.
	ScanBy string `json:"ScanBy,omitempty"`
}

// DescribeAlarmHistoryOutput is the output of DescribeAlarmHistory.
type DescribeAlarmHistoryOutput struct {
	// AlarmHistoryItems are sorted by time, as requested.
	AlarmHistoryItems []AlarmHistoryItem `json:"AlarmHistoryItems"`
	// NextToken is empty on the last page.
	NextToken string `json:"NextToken,omitempty"`
}

// DescribeAlarmHistory lists the history of alarms since the server started:
// histories do not survive a restart.
func (s *Service) DescribeAlarmHistory(_ context.Context, c *awsapi.Call, in *DescribeAlarmHistoryInput) (*DescribeAlarmHistoryOutput, error) {
	limit, err := pageSize("maxRecords", in.MaxRecords, 100, 100)
	if err != nil {
		return nil, err
	}

	// Collect the items under the lock, as copies.
	s.mu.Lock()
	var items []AlarmHistoryItem
	for name, a := range s.resourcesIn(scopeOf(c)).alarms {
		if in.AlarmName != "" && in.AlarmName != name {
			continue
		}
		for _, item := range a.history {
			if in.selects(item) {
				items = append(items, item)
			}
		}
	}

	s.mu.Unlock()

	// Sort the items of all alarms by time, and select a page.
	slices.SortStableFunc(items, func(a, b AlarmHistoryItem) int { return a.Timestamp.Time().Compare(b.Timestamp.Time()) })
	if in.ScanBy != "TimestampAscending" {
		slices.Reverse(items)
	}

	from, to, next, err := page(len(items), in.NextToken, limit)
	if err != nil {
		return nil, err
	}

	return &DescribeAlarmHistoryOutput{append([]AlarmHistoryItem{}, items[from:to]...), next}, nil
}

// selects reports whether the item matches the request's filters.
func (in *DescribeAlarmHistoryInput) selects(item AlarmHistoryItem) bool {
	at := item.Timestamp.Time()
	return (in.HistoryItemType == "" || in.HistoryItemType == item.HistoryItemType) &&
		(len(in.AlarmTypes) == 0 || slices.Contains(in.AlarmTypes, "MetricAlarm")) &&
		(in.StartDate == nil || !at.Before(in.StartDate.Time())) &&
		(in.EndDate == nil || !at.After(in.EndDate.Time()))
}
