package logs

import (
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// group is a log group. Service.mu guards it.
type group struct {
	scope        awsapi.Scope
	name         string
	created      int64 // epoch ms
	retention    int   // days, 0 means forever
	tags         map[string]string
	streams      map[string]*stream
	filters      []*metricFilter // sorted by name; the slice is replaced, never changed in place
	size         int64           // size of its events by AWS's rule
	memory       int64           // bytes of blocks and implicit streams
	dropped      int64           // number of events dropped at the memory limit
	lastWarning  int64           // when a drop was last logged, epoch ms
	expiry       *clock.Event    // removes expired events, or nil
	expiryOldest int64           // the event that expiry is scheduled for, epoch ms
}

// arn returns the group's ARN without the ":*" that some operations add.
func (g *group) arn() string { return groupARN(g.scope, g.name) }

func groupARN(scope awsapi.Scope, name string) string {
	return scope.ARN("logs", "log-group:"+name)
}

// addUsage adds to the size and memory of a group, and to the memory of all groups.
func (s *Service) addUsage(g *group, size, memory int64) {
	g.size += size
	g.memory += memory
	s.memory += memory
}

// expiresBefore returns the time in epoch ms before which events have expired at
// now, or 0 without retention.
func (g *group) expiresBefore(now int64) int64 {
	if g.retention == 0 {
		return 0
	}
	return now - int64(g.retention)*(24*time.Hour).Milliseconds()
}

// createGroup creates a group. The caller holds mu.
func (s *Service) createGroup(b *store.Batch, scope awsapi.Scope, name string, tags map[string]string) *group {
	g := &group{
		scope:   scope,
		name:    name,
		created: s.now(),
		tags:    tags,
		streams: map[string]*stream{},
	}
	s.addGroup(g)
	s.saveGroup(b, g)
	return g
}

// addGroup adds a group to its scope. The caller holds mu.
func (s *Service) addGroup(g *group) {
	if s.groups[g.scope] == nil {
		s.groups[g.scope] = map[string]*group{}
	}
	s.groups[g.scope][g.name] = g
}

// deleteGroup deletes a group and all that it has. The caller holds mu.
func (s *Service) deleteGroup(b *store.Batch, g *group) {
	delete(s.groups[g.scope], g.name)
	s.memory -= g.memory
	if g.expiry != nil {
		g.expiry.Stop()
	}

	// Cancel what is scheduled for the group.
	for _, f := range g.filters {
		f.stop()
	}

	for _, st := range g.streams {
		s.deleteSavedStream(b, st)
	}

	s.deleteSavedGroup(b, g)
}

// changeGroup runs f on a group under the lock, and waits until what f added to the
// batch is durable.
func (s *Service) changeGroup(c *awsapi.Call, name string, f func(b *store.Batch, g *group) error) error {
	if err := validateGroupName(name); err != nil {
		return err
	}
	commit, err := s.changeGroupLocked(c.Scope(), name, f)
	if err != nil {
		return err
	}
	return commit.Wait()
}

// changeGroupLocked is changeGroup without the wait, which must not happen under
// the lock.
func (s *Service) changeGroupLocked(scope awsapi.Scope, name string, f func(b *store.Batch, g *group) error) (store.Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.findGroup(scope, name)
	if err != nil {
		return store.Commit{}, err
	}
	b := s.store.Batch()
	if err := f(b, g); err != nil {
		return store.Commit{}, err
	}
	return b.Apply(), nil
}
