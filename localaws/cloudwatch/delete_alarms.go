package cloudwatch

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// AlarmNamesInput is the input of DeleteAlarms, EnableAlarmActions and
// DisableAlarmActions.
type AlarmNamesInput struct {
	// AlarmNames are up to 100 names.
	AlarmNames []string `json:"AlarmNames"`
}

// DeleteAlarms deletes alarms. It fails only if none of the names exists (LAM E19).
func (s *Service) DeleteAlarms(_ context.Context, c *awsapi.Call, in *AlarmNamesInput) error {
	return s.changeAlarms(c, in.AlarmNames, true, func(b *store.Batch, a *alarm) { s.deleteAlarm(b, a) })
}
