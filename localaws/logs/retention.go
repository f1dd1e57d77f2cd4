package logs

import (
	"context"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// retentionDays are the retentions that Logs takes (LAM E9).
const retentionDays = "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653"

func isRetention(days int) bool {
	return slices.Contains([]int{
		1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
	}, days)
}

// PutRetentionPolicyInput is the input of PutRetentionPolicy.
type PutRetentionPolicyInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// RetentionInDays is one of the values of LAM E9.
	RetentionInDays int `json:"retentionInDays"`
}

// PutRetentionPolicy lets a group's events expire.
func (s *Service) PutRetentionPolicy(_ context.Context, c *awsapi.Call, in *PutRetentionPolicyInput) (*awsapi.None, error) {
	if !isRetention(in.RetentionInDays) {
		return nil, constraintError("retentionInDays", in.RetentionInDays, "Member must satisfy enum value set: ["+retentionDays+"]")
	}
	return s.setRetention(c, in.LogGroupName, in.RetentionInDays)
}

// DeleteRetentionPolicyInput is the input of DeleteRetentionPolicy.
type DeleteRetentionPolicyInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
}

// DeleteRetentionPolicy lets a group keep its events for ever.
func (s *Service) DeleteRetentionPolicy(_ context.Context, c *awsapi.Call, in *DeleteRetentionPolicyInput) (*awsapi.None, error) {
	return s.setRetention(c, in.LogGroupName, 0)
}

func (s *Service) setRetention(c *awsapi.Call, name string, days int) (*awsapi.None, error) {
	return s.changeGroup(c, name, func(b *store.Batch, g *group) error {
		g.retention = days
		s.saveGroup(b, g)
		s.removeExpired(b, g)
		return nil
	})
}

// removeExpired removes what has expired and books the next look, with mu held.
func (s *Service) removeExpired(b *store.Batch, g *group) {
	if g.retention > 0 {
		s.removeBefore(b, g, g.expiresBefore(s.now()))
	}
	s.scheduleExpiry(g)
}

// scheduleExpiry books the removal of the group's oldest event for the minute after
// its expiry, with mu held.
func (s *Service) scheduleExpiry(g *group) {
	oldest, any := g.oldest()
	if g.expiry != nil {
		g.expiry.Stop()
		g.expiry = nil
	}

	if g.retention == 0 || !any {
		return
	}

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

// oldest is the time of the group's oldest event in epoch ms.
func (g *group) oldest() (ms int64, any bool) {
	for _, st := range g.streams {
		if len(st.blocks) > 0 && (!any || st.blocks[0].first.time < ms) {
			ms = st.blocks[0].first.time
			any = true
		}
	}
	return ms, any
}
