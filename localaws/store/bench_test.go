package store

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"
)

// The benchmarks write as a queue does: ten messages of 300 bytes in one batch, later
// ten deletes in another, waiting for each batch. They compare this store with bbolt
// with the same group commit: one writer that collects all waiting batches into one
// transaction.

const benchTable Table = "sqs/message"

const perBatch = 10

func benchKey(n uint64) string {
	var k [8]byte
	binary.BigEndian.PutUint64(k[:], n)
	return string(k[:])
}

func BenchmarkPutAndDelete(b *testing.B) {
	for _, clients := range []int{1, 16} {
		for _, depth := range []int{0, 100_000} {
			b.Run(fmt.Sprintf("pebble/clients=%d/depth=%d", clients, depth), func(b *testing.B) {
				s, err := Open(b.TempDir(), Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				drive(b, clients, depth, func(put bool, first uint64, value []byte) error {
					batch := s.Batch()
					for i := range uint64(perBatch) {
						if put {
							batch.Put(benchTable, benchKey(first+i), value)
						} else {
							batch.Delete(benchTable, benchKey(first+i))
						}
					}
					return batch.Apply().Wait()
				})
			})
			b.Run(fmt.Sprintf("bbolt/clients=%d/depth=%d", clients, depth), func(b *testing.B) {
				w := newBoltWriter(b)
				defer w.close()
				drive(b, clients, depth, w.write)
			})
		}
	}
}

// drive fills the store to depth, and then clients put and delete batches.
func drive(b *testing.B, clients, depth int, write func(put bool, first uint64, value []byte) error) {
	value := make([]byte, 300)
	next := atomic.Uint64{}
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for n := next.Add(perBatch); n <= uint64(depth); n = next.Add(perBatch) {
				if err := write(true, n, value); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	next.Store(uint64(depth) + perBatch)
	left := atomic.Int64{}
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	for range clients {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				n := next.Add(perBatch)
				for _, put := range []bool{true, false} {
					if err := write(put, n, value); err != nil {
						b.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N*perBatch)/b.Elapsed().Seconds(), "messages/s")
}

// boltWriter is the group commit for bbolt.
type boltWriter struct {
	db   *bbolt.DB
	in   chan boltBatch
	done chan struct{}
}

type boltBatch struct {
	put   bool
	first uint64
	value []byte
	err   chan error
}

func newBoltWriter(b *testing.B) *boltWriter {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bolt"), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		b.Fatal(err)
	}
	w := &boltWriter{db: db, in: make(chan boltBatch, 256), done: make(chan struct{})}
	go w.loop()
	return w
}

func (w *boltWriter) close() {
	close(w.in)
	<-w.done
	w.db.Close()
}

func (w *boltWriter) write(put bool, first uint64, value []byte) error {
	b := boltBatch{put, first, value, make(chan error, 1)}
	w.in <- b
	return <-b.err
}

func (w *boltWriter) loop() {
	defer close(w.done)
	for first := range w.in {
		group := []boltBatch{first}
		for more := true; more && len(group) < 256; {
			select {
			case b := <-w.in:
				group = append(group, b)
			default:
				more = false
			}
		}
		err := w.db.Update(func(tx *bbolt.Tx) error { return applyAll(tx, group) })
		for _, b := range group {
			b.err <- err
		}
	}
}

func applyAll(tx *bbolt.Tx, group []boltBatch) error {
	bucket, err := tx.CreateBucketIfNotExists([]byte(benchTable))
	if err != nil {
		return err
	}
	for _, b := range group {
		for i := range uint64(perBatch) {
			key := []byte(benchKey(b.first + i))
			if b.put {
				err = bucket.Put(key, b.value)
			} else {
				err = bucket.Delete(key)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func BenchmarkOpen(b *testing.B) {
	for _, depth := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("keys=%d", depth), func(b *testing.B) {
			dir := b.TempDir()
			s, err := Open(dir, Options{})
			if err != nil {
				b.Fatal(err)
			}
			for n := range uint64(depth) {
				batch := s.Batch()
				batch.Put(benchTable, benchKey(n), make([]byte, 300))
				batch.Apply()
			}
			s.Close()
			for b.Loop() {
				s, err := Open(dir, Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				s.Close()
				b.StartTimer()
			}
		})
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			s, err := Open(b.TempDir(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			s.Close()
			b.StartTimer()
		}
	})
}
