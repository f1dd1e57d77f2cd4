package logs

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// retentionDays are the allowed retentions in days (LAM E9).
var retentionDays = []int{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

// retentionTexts returns retentionDays as an error lists them.
func retentionTexts() []string {
	var texts []string
	for _, days := range retentionDays {
		texts = append(texts, strconv.Itoa(days))
	}
	return texts
}

// PutRetentionPolicyInput is the input of PutRetentionPolicy.
type PutRetentionPolicyInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// RetentionInDays is one of the values of LAM E9.
	RetentionInDays int `json:"retentionInDays"`
}

// PutRetentionPolicy sets the retention of a group's events.
func (s *Service) PutRetentionPolicy(_ context.Context, c *awsapi.Call, in *PutRetentionPolicyInput) error {
	if !slices.Contains(retentionDays, in.RetentionInDays) {
		return errInvalidParameter.Violation("retentionInDays", in.RetentionInDays, awsapi.OneOf(retentionTexts()...))
	}
	return s.setRetention(c, in.LogGroupName, in.RetentionInDays)
}

// DeleteRetentionPolicyInput is the input of DeleteRetentionPolicy.
type DeleteRetentionPolicyInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
}

// DeleteRetentionPolicy retains a group's events forever.
func (s *Service) DeleteRetentionPolicy(_ context.Context, c *awsapi.Call, in *DeleteRetentionPolicyInput) error {
	return s.setRetention(c, in.LogGroupName, 0)
}

// setRetention sets a group's retention in days; 0 means forever. Events that are
// too old are removed at once.
func (s *Service) setRetention(c *awsapi.Call, name string, days int) error {
	return s.changeGroup(c, name, func(b *store.Batch, g *group) error {
		g.retention = days
		s.saveGroup(b, g)
		s.removeExpired(b, g)
		return nil
	})
}

// removeExpired removes expired events and schedules the next removal. The caller
// holds mu.
func (s *Service) removeExpired(b *store.Batch, g *group) {
	if g.retention > 0 {
		s.removeBefore(b, g, g.expiresBefore(s.now()))
	}
	s.scheduleExpiry(g)
}

// scheduleExpiry schedules the removal of the group's oldest event, at the minute
// after its expiry. The caller holds mu.
func (s *Service) scheduleExpiry(g *group) {
	oldest, ok := g.oldest()
	if g.expiry != nil {
		g.expiry.Stop()
		g.expiry = nil
	}

	if g.retention == 0 || !ok {
		return
	}

	// Upkeep: a skipping clock does not skip to a removal, it only passes by.
	g.expiryOldest = oldest
	at := fromMilli(oldest).Add(time.Duration(g.retention) * 24 * time.Hour).Truncate(time.Minute).Add(time.Minute)
	g.expiry = s.clock.Schedule(at, clock.Upkeep, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.groups[g.scope][g.name] != g {
			return
		}
		b := s.store.Batch()
		g.expiry = nil
		s.removeExpired(b, g)
		b.Apply()
	})
}

// oldest returns the time of the group's oldest event in epoch ms. ok is false if
// there is none.
func (g *group) oldest() (ms int64, ok bool) {
	for _, st := range g.streams {
		if len(st.blocks) > 0 && (!ok || st.blocks[0].first.time < ms) {
			ms = st.blocks[0].first.time
			ok = true
		}
	}
	return ms, ok
}
