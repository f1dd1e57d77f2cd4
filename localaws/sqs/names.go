package sqs

// QueueNames returns the names of all queues, of every account and region.
func (s *Service) QueueNames() []string {
	var names []string
	for _, q := range s.queues.all() {
		names = append(names, q.name)
	}
	return names
}
