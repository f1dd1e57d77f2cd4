package iam

import "github.com/reliableq/reliableq/localaws/store"

// Reset forgets an account's roles and policies, and the credentials that its
// roles gave out; an empty account stands for all. The operator's credentials
// stay, and so do the policies that AWS manages.
func (s *Service) Reset(account string) error {
	return s.change(func(b *store.Batch) error {
		for id, a := range s.accounts {
			if account != "" && id != account {
				continue
			}
			for name := range a.roles {
				b.Delete(roleTable, id+"/"+name)
			}
			for arn := range a.policies {
				b.Delete(policyTable, id+"/"+arn)
			}
			delete(s.accounts, id)
		}
		s.dropSessions(b, func(t *session) bool { return account == "" || t.Account == account })
		return nil
	})
}
