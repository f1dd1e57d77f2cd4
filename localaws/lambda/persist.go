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

	"github.com/reliableq/reliableq/localaws/store"
)

// The tables of the store. Zip files lie beside it, in WorkDir.
const (
	tableFunctions store.Table = "lambda/function"
	tableEvents    store.Table = "lambda/event"
)

// storedFunction is a function as the store has it.
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

type storedVersion struct {
	Settings versionConfig
	Number   string
	Revision string
	Modified time.Time
	Code     *code
}

// storeKey orders functions by account and region.
func (k functionKey) storeKey() string {
	return strings.Join([]string{k.account, k.region, k.name}, "/")
}

// storeFunction writes a function, or that it is gone, with mu held.
func (s *Service) storeFunction(f *function) store.Commit {
	if s.functions[f.functionKey] == f {
		return s.put(tableFunctions, f.storeKey(), f.stored())
	}
	if !s.opts.Store.Durable() {
		return store.Commit{}
	}
	b := s.opts.Store.Batch()
	b.Delete(tableFunctions, f.storeKey())
	return b.Apply()
}

// put writes one value, with mu held.
func (s *Service) put(table store.Table, key string, v any) store.Commit {
	if !s.opts.Store.Durable() {
		return store.Commit{}
	}
	value, err := json.Marshal(v)
	if err != nil {
		s.opts.Logger.Error("encode for the store", "table", table, "key", key, "error", err)
		return store.Commit{}
	}
	b := s.opts.Store.Batch()
	b.Put(table, key, value)
	return b.Apply()
}

// waitDurable waits until a commit is durable, without mu.
func waitDurable(c store.Commit) error {
	if err := c.Wait(); err != nil {
		return errService.With("write to the store: %v", err)
	}
	return nil
}

func (f *function) stored() storedFunction {
	out := storedFunction{
		Account:   f.account,
		Region:    f.region,
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
		out.Versions = append(out.Versions, storedVersion{v.versionConfig, v.number, v.revision, v.modified, v.code})
	}

	return out
}

// load reads functions and waiting events back.
func (s *Service) load() error {
	// What lay in these folders belonged to processes that are gone.
	if err := s.codeCache.unshare(); err != nil {
		return err
	}

	for _, dir := range []string{"tmp", "code"} {
		if err := os.RemoveAll(filepath.Join(s.codeCache.dir, dir)); err != nil {
			return fmt.Errorf("clear folder %s: %w", dir, err)
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

func (s *Service) restore(in storedFunction) error {
	f := newFunction(functionKey{scope{in.Account, in.Region}, in.Name})
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
			versionConfig: sv.Settings,
			number:        sv.Number,
			revision:      sv.Revision,
			modified:      sv.Modified,
			code:          sv.Code,
		}

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
