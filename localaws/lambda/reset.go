package lambda

import "github.com/reliableq/reliableq/localaws/store"

// Reset forgets the functions of an account and region, and the events that wait
// for them; an empty string stands for all of them. Invocations under way end as
// they would have. Registered handlers stay.
func (s *Service) Reset(account, region string) error {
	s.mu.Lock()
	var gone []*version
	var idle []*environment
	var commits []store.Commit
	for k, f := range s.functions {
		if account != "" && k.account != account || region != "" && k.region != region {
			continue
		}

		delete(s.functions, k)
		commits = append(commits, s.storeFunction(f))
		for _, v := range f.versions() {
			gone = append(gone, v)
			idle = append(idle, s.environments.retire(v)...)
		}
	}

	for e := range s.pendingEvents {
		if account != "" && e.Account != account || region != "" && e.Region != region {
			continue
		}
		if s.pendingEvents[e].Stop() {
			delete(s.pendingEvents, e)
			commits = append(commits, s.deleteStoredEvent(e))
		}
	}

	s.mu.Unlock()
	s.closeEnvironments(idle)
	for _, v := range gone {
		s.codeCache.release(v.code)
	}

	for _, c := range commits {
		if err := waitDurable(c); err != nil {
			return err
		}
	}

	return nil
}
