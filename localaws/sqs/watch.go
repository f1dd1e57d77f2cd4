package sqs

import (
	"maps"
	"slices"
	"sync"
)

// watchers are the callbacks that [Service.Watch] registered for an ARN. They outlive
// the queue.
type watchers struct {
	mu        sync.Mutex
	lastID    int
	callbacks map[int]func()
	snapshot  []func() // the callbacks in the order of registration; replaced, never changed
}

// Watch registers f to be called whenever a message of the queue may have become
// visible: after a send, the end of a delay or visibility timeout, a redrive into the
// queue, or the unlocking of a message group. f is called without a lock, must not
// block, and may be called more often than there are messages. The queue need not
// exist yet. After stop returned, f may still be running but is not called again.
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
	w.updateSnapshot()

	// A stopped callback is not in later snapshots.
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.callbacks, id)
		w.updateSnapshot()
	}
}

// watchersOf returns the watchers of an ARN.
func (s *Service) watchersOf(arn string) *watchers {
	if w, ok := s.watch.Load(arn); ok {
		return w.(*watchers)
	}
	w, _ := s.watch.LoadOrStore(arn, &watchers{})
	return w.(*watchers)
}

func (w *watchers) updateSnapshot() {
	w.snapshot = make([]func(), 0, len(w.callbacks))
	for _, id := range slices.Sorted(maps.Keys(w.callbacks)) {
		w.snapshot = append(w.snapshot, w.callbacks[id])
	}
}

// notify calls every callback.
func (w *watchers) notify() {
	w.mu.Lock()
	callbacks := w.snapshot
	w.mu.Unlock()

	for _, f := range callbacks {
		f()
	}
}
