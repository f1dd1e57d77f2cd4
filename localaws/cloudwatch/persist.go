package cloudwatch

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// The tables of the store.
const (
	alarmTable     store.Table = "cloudwatch/alarm"     // ACCOUNT/REGION/NAME
	dashboardTable store.Table = "cloudwatch/dashboard" // ACCOUNT/NAME
)

// alarmRecord is an alarm as it is stored.
type alarmRecord struct {
	Account string              `json:"account"`
	Region  string              `json:"region"`
	Config  PutMetricAlarmInput `json:"config"`
	Changed time.Time           `json:"changed"`
	State   alarmState          `json:"state"`
	Tags    []Tag               `json:"tags,omitempty"`
}

// dashboardRecord is a dashboard as it is stored.
type dashboardRecord struct {
	Account string    `json:"account"`
	Name    string    `json:"name"`
	Body    string    `json:"body"`
	Changed time.Time `json:"changed"`
	Tags    []Tag     `json:"tags,omitempty"`
}

func alarmKey(at scope, name string) string    { return at.account + "/" + at.region + "/" + name }
func dashboardKey(account, name string) string { return account + "/" + name }

func (s *Service) saveAlarm(b *store.Batch, a *alarm) {
	if s.store.Durable() {
		b.Put(alarmTable, alarmKey(a.scope, a.name()), encode(alarmRecord{a.scope.account, a.scope.region, a.config, a.changed, a.state, a.tags}))
	}
}

func (s *Service) saveDashboard(b *store.Batch, account string, d *dashboard) {
	if s.store.Durable() {
		b.Put(dashboardTable, dashboardKey(account, d.name), encode(dashboardRecord{account, d.name, d.body, d.changed, d.tags}))
	}
}

// encode writes plain data, which always encodes.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cloudwatch: encode %T: %v", v, err))
	}
	return b
}

// load reads the state back.
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

func (s *Service) loadAlarm(key string, value []byte) error {
	var r alarmRecord
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("alarm %s: %w", key, err)
	}

	q, period, err := r.Config.parseQuery(r.Account)
	if err != nil {
		return fmt.Errorf("alarm %s: %w", key, err)
	}

	s.addAlarm(&alarm{
		scope:   scope{r.Account, r.Region},
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

func (s *Service) loadDashboard(key string, value []byte) error {
	var r dashboardRecord
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("dashboard %s: %w", key, err)
	}
	if s.dashboards[r.Account] == nil {
		s.dashboards[r.Account] = map[string]*dashboard{}
	}
	s.dashboards[r.Account][r.Name] = &dashboard{r.Name, r.Body, r.Changed, r.Tags}
	return nil
}
