package lambda

import "github.com/reliableq/reliableq/localaws/store"

// Reset forgets the functions of an account and region, and the events that wait
// for them; an empty string stands for all of them. Invocations under way end as
// they would have. Registered handlers stay.
func (s *Service) Reset(account, region string) error {
	s.mu.Lock()
	var gone []*version
	var idle []*warm
	var commits []store.Commit
	for k, f := range s.functions {
		if account != "" && k.account != account || region != "" && k.region != region {
			continue
		}
		delete(s.functions, k)
		commits = append(commits, s.keepFunction(f))
		for _, v := range f.versions() {
			gone = append(gone, v)
			idle = append(idle, s.fleet.retire(v)...)
		}
	}
	for e := range s.waiting {
		if account != "" && e.Account != account || region != "" && e.Region != region {
			continue
		}
		if s.waiting[e].Stop() {
			delete(s.waiting, e)
			commits = append(commits, s.dropEvent(e))
		}
	}
	s.mu.Unlock()
	s.discard(idle)
	for _, v := range gone {
		s.shelf.release(v.code)
	}
	for _, c := range commits {
		if err := kept(c); err != nil {
			return err
		}
	}
	return nil
}
