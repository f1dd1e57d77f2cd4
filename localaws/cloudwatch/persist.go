package cloudwatch

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// The tables of the store, with the form of their keys.
const (
	alarmTable     store.Table = "cloudwatch/alarm"     // ACCOUNT/REGION/NAME
	dashboardTable store.Table = "cloudwatch/dashboard" // ACCOUNT/NAME
)

// alarmRecord is the stored form of an alarm.
type alarmRecord struct {
	Account string              `json:"account"`
	Region  string              `json:"region"`
	Config  PutMetricAlarmInput `json:"config"`
	Changed time.Time           `json:"changed"`
	State   alarmState          `json:"state"`
	Tags    []awsapi.Tag        `json:"tags,omitempty"`
}

// dashboardRecord is the stored form of a dashboard.
type dashboardRecord struct {
	Account string       `json:"account"`
	Name    string       `json:"name"`
	Body    string       `json:"body"`
	Changed time.Time    `json:"changed"`
	Tags    []awsapi.Tag `json:"tags,omitempty"`
}

func alarmKey(scope awsapi.Scope, name string) string {
	return scope.Account + "/" + scope.Region + "/" + name
}
func dashboardKey(account, name string) string { return account + "/" + name }

// saveAlarm adds the alarm's record to a batch. The caller holds mu.
func (s *Service) saveAlarm(b *store.Batch, a *alarm) {
	if s.store.Durable() {
		b.Put(alarmTable, alarmKey(a.scope, a.name()), encode(alarmRecord{
			Account: a.scope.Account,
			Region:  a.scope.Region,
			Config:  a.config,
			Changed: a.changed,
			State:   a.state,
			Tags:    a.tags,
		}))
	}
}

// saveDashboard adds the dashboard's record to a batch. The caller holds mu.
func (s *Service) saveDashboard(b *store.Batch, account string, d *dashboard) {
	if s.store.Durable() {
		b.Put(dashboardTable, dashboardKey(account, d.name), encode(dashboardRecord{
			Account: account,
			Name:    d.name,
			Body:    d.body,
			Changed: d.changed,
			Tags:    d.tags,
		}))
	}
}

// encode returns a record as JSON. It panics on a type that has no JSON form, which
// is a bug.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cloudwatch: encode %T: %v", v, err))
	}
	return b
}

// load restores alarms and dashboards from the store.
func (s *Service) load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.store.Scan(alarmTable, "", s.loadAlarm); err != nil {
		return fmt.Errorf("read alarms: %w", err)
	}
	if err := s.store.Scan(dashboardTable, "", s.loadDashboard); err != nil {
		return fmt.Errorf("read dashboards: %w", err)
	}
	return nil
}

// loadAlarm restores an alarm.
func (s *Service) loadAlarm(key string, value []byte) error {
	var r alarmRecord
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("alarm %s: %w", key, err)
	}

	// The query is derived from the configuration, so it is not stored.
	q, period, err := r.Config.parseQuery(r.Account)
	if err != nil {
		return fmt.Errorf("alarm %s: %w", key, err)
	}

	s.addAlarm(&alarm{
		scope:   awsapi.Scope{Account: r.Account, Region: r.Region},
		config:  r.Config,
		tags:    r.Tags,
		changed: r.Changed,
		state:   r.State,
		period:  period,
		query:   q,
	})

	s.scheduleTick(clock.Upkeep)
	return nil
}

// loadDashboard restores a dashboard.
func (s *Service) loadDashboard(key string, value []byte) error {
	var r dashboardRecord
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("dashboard %s: %w", key, err)
	}
	if s.dashboards[r.Account] == nil {
		s.dashboards[r.Account] = map[string]*dashboard{}
	}
	s.dashboards[r.Account][r.Name] = &dashboard{
		name:    r.Name,
		body:    r.Body,
		changed: r.Changed,
		tags:    r.Tags,
	}
	return nil
}
