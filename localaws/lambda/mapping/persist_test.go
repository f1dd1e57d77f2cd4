package mapping

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/store"
)

func onDisk(t *testing.T, dir string) *store.Store {
	t.Helper()

	s, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMappingsSurviveARestart(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	disk := onDisk(t, dir)
	w := newTestServiceWith(t, disk, 0)
	created := w.create(reporting, concurrency(7), batchSize(100, 3), func(in *CreateEventSourceMappingInput) {
		in.FilterCriteria = &FilterCriteria{Filters: []Filter{{Pattern: ptr(`{"body":["x"]}`)}}}
		in.MetricsConfig = &MetricsConfig{Metrics: []string{"EventCount"}}
		in.Tags = map[string]string{"a": "1"}
	})

	deleted := w.create(fromFIFO)
	if _, err := w.DeleteEventSourceMapping(t.Context(), w.call, &DeleteEventSourceMappingInput{UUID: deleted.UUID}); err != nil {
		t.Fatal(err)
	}

	created = w.update(created.UUID, func(in *UpdateEventSourceMappingInput) { in.BatchSize = ptr(50) })
	w.Service.Close()
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}

	disk = onDisk(t, dir)
	defer disk.Close()
	w = newTestServiceWith(t, disk, 0)
	got, err := w.getMapping(created.UUID)
	if err != nil {
		t.Fatal(err)
	}

	created.State = "Enabled"
	if diff := cmp.Diff(keys(t, created), keys(t, got)); diff != "" {
		t.Errorf("the mapping has changed after the restart (-before +after):\n%s", diff)
	}

	if tags, err := w.Tags(got.EventSourceMappingARN); err != nil || tags["a"] != "1" {
		t.Errorf("tags %v, %v", tags, err)
	}

	w.send(queueARN, "x", "y")
	w.advance(3 * time.Second)
	w.wantBatches([]string{"x"})
	if list, _ := w.ListEventSourceMappings(t.Context(), w.call, &ListEventSourceMappingsInput{}); len(list.EventSourceMappings) != 1 {
		t.Errorf("%d mappings, want 1: the deleted one exists again", len(list.EventSourceMappings))
	}
}

func TestErrorNamesADamagedRecord(t *testing.T) {
	t.Parallel()

	for _, value := range []string{`{`, `{"UUID":"other"}`, `{"Account":"a","Region":"r","UUID":"u","Filters":["x"]}`} {
		t.Run(value, func(t *testing.T) {
			disk := onDisk(t, t.TempDir())
			b := disk.Batch()
			b.Put(table, "a/r/u", []byte(value))
			if err := b.Apply().Wait(); err != nil {
				t.Fatal(err)
			}

			if _, err := New(Options{Store: disk, Chance: chance.Seeded(1)}); err == nil || !strings.Contains(err.Error(), "a/r/u") {
				t.Errorf("record %s: error %v, want one that names it", value, err)
			}

			disk.Close()
		})
	}
}

func TestStoreFailureIsAServiceException(t *testing.T) {
	t.Parallel()

	disk := onDisk(t, t.TempDir())
	w := newTestServiceWith(t, disk, 0)
	disk.Close()
	_, err := w.CreateEventSourceMapping(t.Context(), w.call, input())
	wantError(t, err, "ServiceException", "The event source mapping could not be stored: store is closed.")
	if list, _ := w.ListEventSourceMappings(t.Context(), w.call, &ListEventSourceMappingsInput{}); len(list.EventSourceMappings) != 0 {
		t.Error("the mapping exists despite the error")
	}
}
