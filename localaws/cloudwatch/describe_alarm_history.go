package cloudwatch

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

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
	var v awsapi.Validation
	size := v.PageSize("maxRecords", in.MaxRecords, 100, 100)
	if err := v.Err(errValidation); err != nil {
		return nil, err
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	// Collect the items of all selected alarms.
	var items []historyItem
	for name, a := range s.resourcesIn(c.Scope()).alarms {
		if in.AlarmName != "" && in.AlarmName != name {
			continue
		}
		for _, item := range a.history {
			if in.selects(&item.AlarmHistoryItem) {
				items = append(items, item)
			}
		}
	}

	// The order of time is that of the numbers. Descending numbers are counted from the
	// other end, so that the keys of a page ascend in both cases.
	key := func(item historyItem) string {
		n := item.seq
		if in.ScanBy != "TimestampAscending" {
			n = math.MaxUint64 - n
		}
		return fmt.Sprintf("%020d", n)
	}
	slices.SortFunc(items, func(a, b historyItem) int { return cmp.Compare(key(a), key(b)) })
	items, next, err := pageOf(items, key, in.NextToken, size)
	if err != nil {
		return nil, err
	}

	out := &DescribeAlarmHistoryOutput{AlarmHistoryItems: []AlarmHistoryItem{}, NextToken: next}
	for _, item := range items {
		out.AlarmHistoryItems = append(out.AlarmHistoryItems, item.AlarmHistoryItem)
	}
	return out, nil
}

// selects reports whether the item matches the request's filters.
func (in *DescribeAlarmHistoryInput) selects(item *AlarmHistoryItem) bool {
	at := item.Timestamp.Time()
	return (in.HistoryItemType == "" || in.HistoryItemType == item.HistoryItemType) &&
		(len(in.AlarmTypes) == 0 || slices.Contains(in.AlarmTypes, "MetricAlarm")) &&
		(in.StartDate == nil || !at.Before(in.StartDate.Time())) &&
		(in.EndDate == nil || !at.After(in.EndDate.Time()))
}
