package lambda

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// The tables of the store. Zip files are in WorkDir, see codeCache.
const (
	tableFunctions store.Table = "lambda/function"
	tableEvents    store.Table = "lambda/event"
)

// storedFunction is the JSON of a function in the store.
type storedFunction struct {
	Account, Region, Name string
	Versions              []storedVersion
	Last                  int
	Aliases               map[string]*alias
	Policies              map[string]*policy
	Invokes               map[string]*invokeConfig
	Runtimes, Tags        map[string]string
	Reserved              *int
	Recursion             string
}

// storedVersion is the JSON of a version in the store.
type storedVersion struct {
	Config   versionConfig `json:"Settings"`
	Number   string
	Revision string
	Modified time.Time
	Code     *code
}

// storeKey orders functions by account and region.
func (k functionKey) storeKey() string {
	return strings.Join([]string{k.Account, k.Region, k.name}, "/")
}

// storeFunction writes a function to the store, or deletes it there when it is no longer
// in s.functions. mu must be held, so that changes reach the store in their order.
func (s *Service) storeFunction(f *function) store.Commit {
	if s.functions[f.functionKey] == f {
		return s.put(tableFunctions, f.storeKey(), f.stored())
	}
	return s.remove(tableFunctions, f.storeKey())
}

// storeEvent writes an asynchronous event to the store, with mu held.
func (s *Service) storeEvent(e *asyncEvent) store.Commit { return s.put(tableEvents, e.ID, e) }

// deleteEvent deletes a finished event from the store.
func (s *Service) deleteEvent(e *asyncEvent) {
	s.mu.Lock()
	commit := s.deleteStoredEvent(e)
	s.mu.Unlock()

	// If it stays in the store, it runs again after a restart.
	if err := commit.Wait(); err != nil {
		s.opts.Logger.Error("cannot delete an asynchronous event", "request_id", e.ID, "error", err)
	}
}

// deleteStoredEvent deletes an event from the store, with mu held.
func (s *Service) deleteStoredEvent(e *asyncEvent) store.Commit { return s.remove(tableEvents, e.ID) }

// put writes one value, with mu held.
func (s *Service) put(table store.Table, key string, v any) store.Commit {
	if !s.opts.Store.Durable() {
		return store.Commit{}
	}
	value, err := json.Marshal(v)
	if err != nil {
		s.opts.Logger.Error("cannot encode for the store", "table", table, "key", key, "error", err)
		return store.Commit{}
	}
	b := s.opts.Store.Batch()
	b.Put(table, key, value)
	return b.Apply()
}

// remove deletes one value, with mu held.
func (s *Service) remove(table store.Table, key string) store.Commit {
	if !s.opts.Store.Durable() {
		return store.Commit{}
	}
	b := s.opts.Store.Batch()
	b.Delete(table, key)
	return b.Apply()
}

// waitDurable waits until a commit is durable. It must be called without mu.
func waitDurable(c store.Commit) error {
	if err := c.Wait(); err != nil {
		return errService.With("write to the store: %v", err)
	}
	return nil
}

// stored returns the function as the store holds it.
func (f *function) stored() storedFunction {
	out := storedFunction{
		Account:   f.Account,
		Region:    f.Region,
		Name:      f.name,
		Last:      f.lastVersion,
		Aliases:   f.aliases,
		Policies:  f.policies,
		Invokes:   f.invokeConfigs,
		Runtimes:  f.runtimeUpdates,
		Tags:      f.tags,
		Reserved:  f.reserved,
		Recursion: f.recursion,
	}
	for _, v := range f.versions() {
		out.Versions = append(out.Versions, storedVersion{
			Config:   v.versionConfig,
			Number:   v.number,
			Revision: v.revision,
			Modified: v.modified,
			Code:     v.code,
		})
	}
	return out
}

// load reads functions and unfinished asynchronous events from the store.
func (s *Service) load() error {
	// Unpacked code and temporary files belonged to processes that have ended.
	if err := s.codeCache.unshare(); err != nil {
		return err
	}
	for _, dir := range []string{"tmp", "code"} {
		if err := os.RemoveAll(filepath.Join(s.codeCache.dir, dir)); err != nil {
			return fmt.Errorf("clear directory %s: %w", dir, err)
		}
	}

	err := s.opts.Store.Scan(tableFunctions, "", func(_ string, value []byte) error {
		var in storedFunction
		if err := json.Unmarshal(value, &in); err != nil {
			return err
		}
		return s.restore(in)
	})
	if err != nil {
		return err
	}

	return s.opts.Store.Scan(tableEvents, "", func(_ string, value []byte) error {
		e := &asyncEvent{}
		if err := json.Unmarshal(value, e); err != nil {
			return err
		}
		s.scheduleAttempt(e)
		return nil
	})
}

// restore adds a function that the store held.
func (s *Service) restore(in storedFunction) error {
	f := newFunction(functionKey{awsapi.Scope{Account: in.Account, Region: in.Region}, in.Name})
	f.lastVersion = in.Last
	f.reserved = in.Reserved
	f.recursion = in.Recursion
	f.tags = in.Tags
	maps.Copy(f.aliases, in.Aliases)
	maps.Copy(f.policies, in.Policies)
	maps.Copy(f.invokeConfigs, in.Invokes)
	maps.Copy(f.runtimeUpdates, in.Runtimes)

	for _, sv := range in.Versions {
		v := &version{
			versionConfig: sv.Config,
			number:        sv.Number,
			revision:      sv.Revision,
			modified:      sv.Modified,
			code:          sv.Code,
		}

		// The code stays in the cache for as long as a version refers to it.
		s.codeCache.retain(v.code)
		if v.number == latest {
			f.latest = v
			continue
		}
		f.published = append(f.published, v)
	}
	if f.latest == nil {
		return fmt.Errorf("function %s has no $LATEST", f.arn())
	}

	slices.SortFunc(f.published, func(a, b *version) int { return a.numberAsInt() - b.numberAsInt() })
	s.functions[f.functionKey] = f
	return nil
}
