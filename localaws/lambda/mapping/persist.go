package mapping

import (
	"encoding/json"
	"fmt"

	"github.com/reliableq/reliableq/localaws/lambda/mapping/filter"
	"github.com/reliableq/reliableq/localaws/store"
)

// table holds each mapping's record as JSON, by account, region and UUID.
const table store.Table = "lambda/mapping"

func (r *record) storeKey() string { return r.Account + "/" + r.Region + "/" + r.UUID }

// storeRecord puts a mapping's record in line for the disk, with mu held.
func (s *Service) storeRecord(r *record) store.Commit {
	b := s.opts.Store.Batch()
	if s.opts.Store.Durable() {
		v, err := json.Marshal(r)
		if err != nil {
			panic("mapping: encode " + r.UUID + ": " + err.Error()) // strings, numbers and a time always encode
		}
		b.Put(table, r.storeKey(), v)
	}
	return b.Apply()
}

// deleteRecord takes a mapping's record off the disk, with mu held.
func (s *Service) deleteRecord(r *record) store.Commit {
	b := s.opts.Store.Batch()
	b.Delete(table, r.storeKey())
	return b.Apply()
}

// load reads all mappings.
func (s *Service) load() error {
	return s.opts.Store.Scan(table, "", func(key string, value []byte) error {
		m := &mapping{}
		if err := json.Unmarshal(value, &m.record); err != nil {
			return fmt.Errorf("decode %s: %w", key, err)
		}

		if key != m.storeKey() {
			return fmt.Errorf("%s holds the mapping %s", key, m.storeKey())
		}

		if _, err := m.compileFilters(); err != nil {
			return fmt.Errorf("compile filters of %s: %w", key, err)
		}

		in := scope{m.Account, m.Region}
		if s.mappings[in] == nil {
			s.mappings[in] = map[string]*mapping{}
		}

		s.mappings[in][m.UUID] = m
		return nil
	})
}

// compileFilters compiles the patterns of r.
func (r *record) compileFilters() (filter.Set, error) {
	var set filter.Set
	for _, p := range r.Filters {
		f, err := filter.Compile(p)
		if err != nil {
			return nil, err
		}
		set = append(set, f)
	}
	return set, nil
}
