package mapping

import (
	"encoding/json"
	"fmt"

	"github.com/reliableq/reliableq/localaws/lambda/mapping/filter"
	"github.com/reliableq/reliableq/localaws/store"
)

// table holds each mapping's configuration as JSON, by account, region and UUID.
const table store.Table = "lambda/mapping"

// storeKey returns the key of the configuration in table.
func (r *storedConfiguration) storeKey() string { return r.Account + "/" + r.Region + "/" + r.UUID }

// storeConfiguration writes a mapping's configuration to the store, with mu held, so that changes reach
// the store in their order.
func (s *Service) storeConfiguration(r *storedConfiguration) store.Commit {
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

// deleteConfiguration deletes a mapping's configuration from the store, with mu held.
func (s *Service) deleteConfiguration(r *storedConfiguration) store.Commit {
	b := s.opts.Store.Batch()
	b.Delete(table, r.storeKey())
	return b.Apply()
}

// waitDurable waits until a commit is durable. It must be called without mu.
func waitDurable(commit store.Commit) error {
	if err := commit.Wait(); err != nil {
		return errService.With("The event source mapping could not be stored: %s.", err)
	}
	return nil
}

// load reads all mappings from the store.
func (s *Service) load() error {
	return s.opts.Store.Scan(table, "", func(key string, value []byte) error {
		m := &mapping{}
		if err := json.Unmarshal(value, &m.storedConfiguration); err != nil {
			return fmt.Errorf("decode %s: %w", key, err)
		}

		// Under another key it would be stored twice after the next change.
		if key != m.storeKey() {
			return fmt.Errorf("the configuration with key %s is of mapping %s", key, m.storeKey())
		}
		if _, err := m.compileFilters(); err != nil {
			return fmt.Errorf("compile filters of %s: %w", key, err)
		}
		s.add(m)
		return nil
	})
}

// compileFilters compiles the patterns of r.
func (r *storedConfiguration) compileFilters() (filter.Set, error) {
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
