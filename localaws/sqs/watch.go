package sqs

import (
	"sync"
)

// watchers are those who want to know when a queue has messages. They belong to
// an ARN, and outlive the queue that bears it.
type watchers struct {
	mu        sync.Mutex
	lastID    int
	callbacks map[int]func()
	snapshot  []func() // in order of coming; replaced, never changed
}

// Watch has f called whenever a message of the queue may be had: after a send, the
// end of a delay or visibility timeout, a redrive into the queue, the unlocking of
// a FIFO group. f is called without any lock, must not block, and may be called
// more often than there are messages. The queue need not exist yet. After stop has
// returned f may still be running, but is not called again.
func (s *Service) Watch(queueARN string, f func()) (stop func()) {
	w := s.watchersOf(queueARN)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastID++
	id := w.lastID
	if w.callbacks == nil {
		w.callbacks = map[int]func(){}
	}
	w.callbacks[id] = f
	w.rebuildSnapshot()
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.callbacks, id)
		w.rebuildSnapshot()
	}
}

// watchersOf finds or makes the watchers of an ARN.
func (s *Service) watchersOf(arn string) *watchers {
	if w, ok := s.watch.Load(arn); ok {
		return w.(*watchers)
	}
	w, _ := s.watch.LoadOrStore(arn, &watchers{})
	return w.(*watchers)
}

func (w *watchers) rebuildSnapshot() {
	w.snapshot = nil
	for id := range w.lastID + 1 {
		if f, ok := w.callbacks[id]; ok {
			w.snapshot = append(w.snapshot, f)
		}
	}
}

// call tells every watcher.
func (w *watchers) notify() {
	w.mu.Lock()
	list := w.snapshot
	w.mu.Unlock()
	for _, f := range list {
		f()
	}
}
