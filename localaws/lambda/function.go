package lambda

import (
	"reflect"
	"slices"
	"strconv"
	"time"
)

// function is a function with its versions, aliases and policies.
type function struct {
	functionKey
	latest         *version
	published      []*version // in ascending order
	lastVersion    int        // the highest number assigned so far (LAM C25)
	aliases        map[string]*alias
	policies       map[string]*policy       // by qualifier, "" for the function itself
	invokeConfigs  map[string]*invokeConfig // by qualifier, $LATEST for the function itself
	runtimeUpdates map[string]string        // UpdateRuntimeOn by qualifier
	tags           map[string]string
	reserved       *int
	recursion      string // Allow, or empty for Terminate

	running int // concurrent invocations
}

// version is the code and configuration of $LATEST or of a published version. It is
// immutable except for its pool: an update replaces it, and invocations in progress keep
// the one that they began with.
type version struct {
	versionConfig
	number   string // $LATEST or digits
	revision string
	modified time.Time // service time
	code     *code
	pool     pool
}

// versionByNumber returns the version with the given number, or nil.
func (f *function) versionByNumber(number string) *version {
	if number == latest || number == "" {
		return f.latest
	}

	n, err := strconv.Atoi(number)
	if err != nil {
		return nil
	}

	i, ok := slices.BinarySearchFunc(f.published, n, func(v *version, n int) int { return v.numberAsInt() - n })
	if !ok {
		return nil
	}

	return f.published[i]
}

// numberAsInt returns the version's number; $LATEST is 0.
func (v *version) numberAsInt() int {
	n, _ := strconv.Atoi(v.number) // fails only for $LATEST
	return n
}

// versions returns $LATEST and then the published versions.
func (f *function) versions() []*version {
	return append([]*version{f.latest}, f.published...)
}

// has reports whether a qualifier is an alias or a version of the function.
func (f *function) has(qualifier string) bool {
	_, isAlias := f.aliases[qualifier]
	return isAlias || f.versionByNumber(qualifier) != nil
}

// findVersion resolves a reference to a version, and an alias to its main version. mu
// must be held.
func (s *Service) findVersion(ref reference) (*function, *version, error) {
	f := s.functions[ref.functionKey]
	if f == nil {
		return nil, nil, functionNotFound(ref)
	}

	number := ref.qualifier
	if a := f.aliases[number]; a != nil {
		number = a.Version
	}

	if v := f.versionByNumber(number); v != nil {
		return f, v, nil
	}

	return nil, nil, functionNotFound(ref)
}

// findFunction returns the function of a reference, whatever its qualifier. mu must be
// held.
func (s *Service) findFunction(ref reference) (*function, error) {
	if f := s.functions[ref.functionKey]; f != nil {
		return f, nil
	}
	return nil, functionNotFound(ref)
}

// selectVersion resolves a reference to the version that an invocation runs. An alias
// with weights selects one at random (LAM C47). mu must be held.
func (s *Service) selectVersion(ref reference) (*function, *version, error) {
	fn := s.functions[ref.functionKey]
	if fn == nil {
		return nil, nil, errNotFound.With("Function not found: %s", ref.qualifiedARN(qualifierOrLatest(ref.qualifier)))
	}

	number := ref.qualifier
	if a := fn.aliases[number]; a != nil {
		number = a.Version

		// At most one other version has a weight, so that one random number decides.
		for other, weight := range a.Weights {
			if s.opts.Chance.Float() < weight {
				number = other
			}
		}
	}

	v := fn.versionByNumber(number)
	if v == nil {
		return nil, nil, functionNotFound(ref)
	}

	return fn, v, nil
}

// newFunction returns a function without versions.
func newFunction(k functionKey) *function {
	return &function{
		functionKey:    k,
		aliases:        map[string]*alias{},
		policies:       map[string]*policy{},
		invokeConfigs:  map[string]*invokeConfig{},
		runtimeUpdates: map[string]string{},
	}
}

// newVersion returns a $LATEST that was modified now.
func (s *Service) newVersion(set versionConfig, cd *code) *version {
	return &version{
		versionConfig: set,
		number:        latest,
		revision:      s.opts.Chance.UUID(),
		modified:      s.opts.Clock.Now(),
		code:          cd,
	}
}

// publish makes a numbered copy of $LATEST, or returns the last one if nothing has
// changed since. mu must be held.
func (s *Service) publish(f *function, description string) *version {
	if n := len(f.published); n > 0 {
		// AWS returns the existing version if nothing has changed.
		if last := f.published[n-1]; last.same(f.latest) {
			return last
		}
	}

	f.lastVersion++
	v := &version{
		versionConfig: f.latest.versionConfig,
		number:        strconv.Itoa(f.lastVersion),
		revision:      s.opts.Chance.UUID(),
		modified:      s.opts.Clock.Now(),
		code:          f.latest.code,
	}

	// Without a description the version has that of $LATEST.
	if description != "" {
		v.Description = description
	}

	s.codeCache.retain(v.code)
	f.published = append(f.published, v)
	return v
}

// same reports whether two versions have the same code and configuration, apart from
// the description.
func (v *version) same(o *version) bool {
	a := v.versionConfig
	b := o.versionConfig

	a.Description = ""
	b.Description = ""

	// A nil map of variables and an empty one differ (LAM C5), also for DeepEqual.
	return v.code.SHA256 == o.code.SHA256 && reflect.DeepEqual(a, b)
}

// replaceLatest replaces $LATEST by a changed copy, unless dryRun is set. Environments of
// the old one end with the invocations that they run (LAM C68).
func (s *Service) replaceLatest(ref reference, revision string, change func(*version) error, publish, dryRun bool) (*FunctionConfiguration, error) {
	s.mu.Lock()
	f := s.functions[ref.functionKey]
	if f == nil {
		s.mu.Unlock()
		return nil, functionNotFound(ref)
	}

	old := f.latest
	if err := checkRevision(revision, old.revision); err != nil {
		s.mu.Unlock()
		return nil, err
	}

	v := s.newVersion(old.versionConfig, old.code)
	if err := change(v); err != nil {
		s.mu.Unlock()
		return nil, err
	}

	if dryRun {
		s.mu.Unlock()
		return v.activeConfiguration(f.functionKey, ""), nil
	}

	f.latest = v
	idle := s.environments.retire(old)
	response := v.updatingConfiguration(f.functionKey, s.opts.Chance.UUID())
	if publish {
		p := s.publish(f, "")

		// The response names the published version.
		response.Version = p.number
		response.FunctionArn = f.qualifiedARN(p.number)
	}

	if old.DeadLetter != "" && v.DeadLetter == "" {
		response.DeadLetterConfig = &DeadLetterConfig{old.DeadLetter} // LAM C35
	}

	commit := s.storeFunction(f)
	s.mu.Unlock()

	s.closeEnvironments(idle)
	if old.code != v.code {
		s.codeCache.release(old.code)
	}

	return response, waitDurable(commit)
}
