package sqs

// put keeps a message that has come into the queue.
func (t *turn) put(m *message) {}

// touch keeps what a receive or a change of visibility has made of a message.
func (t *turn) touch(m *message) {}

// forget drops a message.
func (t *turn) forget(m *message) {}

func (t *turn) putDedup(memo string, ok accepted, until int64) {}

func (t *turn) forgetDedup(memo string) {}

func (s *Service) restore() error { return nil }

type tasks struct{}

type attempt struct{}

func (t *turn) putQueue()  {}
func (t *turn) dropQueue() {}
func (t *turn) forgetAll() {}
