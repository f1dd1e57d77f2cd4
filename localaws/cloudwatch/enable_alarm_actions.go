package cloudwatch

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// EnableAlarmActions enables the actions of alarms. Unknown names are ignored.
func (s *Service) EnableAlarmActions(_ context.Context, c *awsapi.Call, in *AlarmNamesInput) error {
	return s.setActionsEnabled(c, in.AlarmNames, true)
}

// DisableAlarmActions disables the actions of alarms. Unknown names are ignored.
func (s *Service) DisableAlarmActions(_ context.Context, c *awsapi.Call, in *AlarmNamesInput) error {
	return s.setActionsEnabled(c, in.AlarmNames, false)
}

// setActionsEnabled enables or disables the actions of the named alarms.
func (s *Service) setActionsEnabled(c *awsapi.Call, names []string, enabled bool) error {
	return s.changeAlarms(c, names, false, func(b *store.Batch, a *alarm) {
		a.config.ActionsEnabled = &enabled
		s.saveAlarm(b, a)
	})
}
