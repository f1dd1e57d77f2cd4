package cloudwatch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// alarmStates are the values of an alarm's state, in the order of AWS's messages.
var alarmStates = []string{stateInsufficient, stateAlarm, stateOK}

// invalidState returns the error for an unknown state.
func invalidState(v string) error {
	return errValidation.Violation("stateValue", v, awsapi.OneOf(alarmStates...))
}

// SetAlarmStateInput is the input of SetAlarmState.
type SetAlarmStateInput struct {
	// AlarmName is the alarm's name.
	AlarmName string `json:"AlarmName"`
	// StateValue is OK, ALARM or INSUFFICIENT_DATA.
	StateValue string `json:"StateValue"`
	// StateReason is the reason for the state, as text.
	StateReason *string `json:"StateReason"`
	// StateReasonData is the reason as JSON.
	StateReasonData string `json:"StateReasonData,omitempty"`
}

// SetAlarmState sets an alarm's state until its next evaluation (LAM E20).
func (s *Service) SetAlarmState(_ context.Context, c *awsapi.Call, in *SetAlarmStateInput) error {
	switch {
	case in.AlarmName == "":
		return missingParameter("AlarmName")
	case !slices.Contains(alarmStates, in.StateValue):
		return invalidState(in.StateValue)
	case in.StateReason == nil:
		return missingParameter("StateReason")
	case in.StateReasonData != "" && !json.Valid([]byte(in.StateReasonData)):
		return errInvalidFormat.With("TemplateText not in json format: %s", in.StateReasonData)
	}

	return s.changeAlarms(c, []string{in.AlarmName}, true, func(b *store.Batch, a *alarm) {
		s.setState(b, a, in.StateValue, *in.StateReason, in.StateReasonData)
		a.idle = false
		s.scheduleTick(clock.Upkeep)
	})
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
		s.addHistory(a, now, "StateUpdate", fmt.Sprintf("Alarm updated from %s to %s", before.Value, value), stateChange(before, a.state))
		s.recordActions(a, now, value)
	}

	s.saveAlarm(b, a)
}
