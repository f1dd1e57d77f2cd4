package cloudwatch

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// alarmStates are the values of an alarm's state, in the order of AWS's messages.
var alarmStates = []string{stateInsufficient, stateAlarm, stateOK}

// invalidState returns the error for an unknown state.
func invalidState(v string) error {
	return constraintError("stateValue", v, "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]")
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
func (s *Service) SetAlarmState(_ context.Context, c *awsapi.Call, in *SetAlarmStateInput) (*awsapi.None, error) {
	switch {
	case in.AlarmName == "":
		return nil, missingParameter("AlarmName")
	case !slices.Contains(alarmStates, in.StateValue):
		return nil, invalidState(in.StateValue)
	case in.StateReason == nil:
		return nil, missingParameter("StateReason")
	case in.StateReasonData != "" && !json.Valid([]byte(in.StateReasonData)):
		return nil, errInvalidFormat.With("TemplateText not in json format: %s", in.StateReasonData)
	}

	return s.changeAlarms(c, []string{in.AlarmName}, true, func(b *store.Batch, a *alarm) {
		s.setState(b, a, in.StateValue, *in.StateReason, in.StateReasonData)
		a.idle = false
		s.scheduleTick(clock.Upkeep)
	})
}

// AlarmNamesInput is the input of DeleteAlarms, EnableAlarmActions and
// DisableAlarmActions.
type AlarmNamesInput struct {
	// AlarmNames are up to 100 names.
	AlarmNames []string `json:"AlarmNames"`
}

// DeleteAlarms deletes alarms. It fails only if none of the names exists (LAM E19).
func (s *Service) DeleteAlarms(_ context.Context, c *awsapi.Call, in *AlarmNamesInput) (*awsapi.None, error) {
	return s.changeAlarms(c, in.AlarmNames, true, func(b *store.Batch, a *alarm) { s.deleteAlarm(b, a) })
}

// EnableAlarmActions enables the actions of alarms. Unknown names are ignored.
func (s *Service) EnableAlarmActions(_ context.Context, c *awsapi.Call, in *AlarmNamesInput) (*awsapi.None, error) {
	return s.setActionsEnabled(c, in.AlarmNames, true)
}

// DisableAlarmActions disables the actions of alarms. Unknown names are ignored.
func (s *Service) DisableAlarmActions(_ context.Context, c *awsapi.Call, in *AlarmNamesInput) (*awsapi.None, error) {
	return s.setActionsEnabled(c, in.AlarmNames, false)
}

// setActionsEnabled enables or disables the actions of the named alarms.
func (s *Service) setActionsEnabled(c *awsapi.Call, names []string, enabled bool) (*awsapi.None, error) {
	return s.changeAlarms(c, names, false, func(b *store.Batch, a *alarm) {
		a.config.ActionsEnabled = &enabled
		s.saveAlarm(b, a)
	})
}

// changeAlarms runs f on the named alarms under the lock, and waits until what f
// added to the batch is durable. If strict is set, it fails if none of the names
// exists.
func (s *Service) changeAlarms(c *awsapi.Call, names []string, strict bool, f func(*store.Batch, *alarm)) (*awsapi.None, error) {
	if len(names) == 0 {
		return nil, missingParameter("AlarmNames")
	}
	if len(names) > 100 {
		return nil, constraintError("alarmNames", len(names), "Member must have length less than or equal to 100")
	}
	commit, found := s.changeAlarmsLocked(scopeOf(c), names, f)
	if strict && !found {
		return nil, errNotFound.With("")
	}
	return &awsapi.None{}, commit.Wait()
}

// changeAlarmsLocked is changeAlarms without the wait, which must not happen under
// the lock. It reports whether any of the names exists.
func (s *Service) changeAlarmsLocked(in scope, names []string, f func(*store.Batch, *alarm)) (store.Commit, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.store.Batch()
	found := false
	for _, name := range names {
		if a := s.resourcesIn(in).alarms[name]; a != nil {
			f(b, a)
			found = true
		}
	}
	return b.Apply(), found
}
