package logs

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/logs/pattern"
	"github.com/reliableq/reliableq/localaws/store"
)

// The tables of the store, with the form of their keys. The keys of streams and
// blocks have the stream's id in hex, because one name could be a prefix of another.
const (
	groupTable  store.Table = "logs/group"  // ACCOUNT/REGION/NAME
	streamTable store.Table = "logs/stream" // STREAM
	blockTable  store.Table = "logs/block"  // STREAM BLOCK

	// eventTable has one record for each event, in data directories of older versions.
	// They are converted to blocks at start.
	eventTable store.Table = "logs/event" // STREAM SEQUENCE
)

// groupRecord is the stored form of a group.
type groupRecord struct {
	Account   string            `json:"account"`
	Region    string            `json:"region"`
	Name      string            `json:"name"`
	Created   int64             `json:"created"`
	Retention int               `json:"retention,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
	Filters   []MetricFilter    `json:"filters,omitempty"`
}

// streamRecord is the stored form of a stream.
type streamRecord struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Group   string `json:"group"`
	Name    string `json:"name"`
	Created int64  `json:"created"`
	Token   string `json:"token"`
	// Implicit reports that a write created the stream.
	Implicit bool `json:"implicit,omitempty"`
}

func groupKey(g *group) string     { return g.scope.Account + "/" + g.scope.Region + "/" + g.name }
func streamKey(id uint64) string   { return fmt.Sprintf("%016x", id) }
func blockKey(id, n uint64) string { return fmt.Sprintf("%016x%016x", id, n) }

// saveGroup adds the group's record to a batch. The caller holds mu.
func (s *Service) saveGroup(b *store.Batch, g *group) {
	if !s.store.Durable() {
		return
	}

	r := groupRecord{
		Account:   g.scope.Account,
		Region:    g.scope.Region,
		Name:      g.name,
		Created:   g.created,
		Retention: g.retention,
		Tags:      g.tags,
	}
	for _, f := range g.filters {
		r.Filters = append(r.Filters, MetricFilter{
			FilterName:            f.name,
			FilterPattern:         f.match.String(),
			CreationTime:          f.created,
			LogGroupName:          g.name,
			MetricTransformations: []MetricTransformation{f.transformation},
		})
	}

	b.Put(groupTable, groupKey(g), encode(r))
}

// saveStream adds the stream's record to a batch. The caller holds mu.
func (s *Service) saveStream(b *store.Batch, st *stream) {
	if !s.store.Durable() {
		return
	}

	scope := st.group.scope
	b.Put(streamTable, streamKey(st.id), encode(streamRecord{
		Account:  scope.Account,
		Region:   scope.Region,
		Group:    st.group.name,
		Name:     st.name,
		Created:  st.created,
		Token:    st.token,
		Implicit: st.implicit,
	}))
}

// encode returns a record as JSON. It panics on a type that has no JSON form, which
// is a bug.
func encode(record any) []byte {
	b, err := json.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("logs: encode %T: %v", record, err))
	}
	return b
}

func (s *Service) saveBlock(b *store.Batch, st *stream, bl *block) {
	b.Put(blockTable, blockKey(st.id, bl.id), bl.data)
}

func (s *Service) deleteSavedBlock(b *store.Batch, st *stream, bl *block) {
	b.Delete(blockTable, blockKey(st.id, bl.id))
}

// deleteSavedStream removes a stream and its blocks from the store.
func (s *Service) deleteSavedStream(b *store.Batch, st *stream) {
	b.Delete(streamTable, streamKey(st.id))
	b.DeletePrefix(blockTable, streamKey(st.id))
}

func (s *Service) deleteSavedGroup(b *store.Batch, g *group) { b.Delete(groupTable, groupKey(g)) }

// load restores all groups from the store.
func (s *Service) load() error {
	if err := s.store.Scan(groupTable, "", s.loadGroup); err != nil {
		return fmt.Errorf("read log groups: %w", err)
	}

	// Streams refer to groups, and blocks to streams.
	streams := map[uint64]*stream{}
	err := s.store.Scan(streamTable, "", func(key string, value []byte) error { return s.loadStream(streams, key, value) })
	if err != nil {
		return fmt.Errorf("read log streams: %w", err)
	}

	err = s.store.Scan(blockTable, "", func(key string, value []byte) error { return s.loadBlock(streams, key, value) })
	if err != nil {
		return fmt.Errorf("read log events: %w", err)
	}

	// Ids of blocks are not in the order of their events.
	for _, st := range streams {
		slices.SortFunc(st.blocks, func(a, b *block) int { return a.first.compare(b.first) })
	}

	if err := s.convertOldEvents(streams); err != nil {
		return fmt.Errorf("read log events: %w", err)
	}

	// The limit may be lower than before. Handlers of measurements are registered
	// later, so the numbers of dropped events are not reported.
	b := s.store.Batch()
	s.limitMemory(b)
	if err := b.Apply().Wait(); err != nil {
		return fmt.Errorf("drop log events: %w", err)
	}

	for _, groups := range s.groups {
		for _, g := range groups {
			s.scheduleExpiry(g)
		}
	}

	return nil
}

// loadGroup restores a group with its metric filters.
func (s *Service) loadGroup(key string, value []byte) error {
	var r groupRecord
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("group %s: %w", key, err)
	}

	g := &group{
		scope:     awsapi.Scope{Account: r.Account, Region: r.Region},
		name:      r.Name,
		created:   r.Created,
		retention: r.Retention,
		tags:      r.Tags,
		streams:   map[string]*stream{},
	}

	for _, f := range r.Filters {
		match, err := pattern.Parse(f.FilterPattern)
		if err != nil {
			return fmt.Errorf("metric filter %s of group %s: %w", f.FilterName, key, err)
		}
		if n := len(f.MetricTransformations); n != 1 {
			return fmt.Errorf("metric filter %s of group %s has %d metric transformations, want 1", f.FilterName, key, n)
		}

		g.filters = append(g.filters, &metricFilter{
			name:           f.FilterName,
			match:          match,
			transformation: f.MetricTransformations[0],
			created:        f.CreationTime,
		})
	}

	s.addGroup(g)
	return nil
}

// loadStream restores a stream of a restored group, and adds it to streams by its
// id.
func (s *Service) loadStream(streams map[uint64]*stream, key string, value []byte) error {
	var r streamRecord
	id, err := strconv.ParseUint(key, 16, 64)
	if err != nil {
		return fmt.Errorf("stream %s: %w", key, err)
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("stream %s: %w", key, err)
	}

	g := s.groups[awsapi.Scope{Account: r.Account, Region: r.Region}][r.Group]
	if g == nil {
		return fmt.Errorf("stream %s: its group %s does not exist", key, r.Group)
	}

	st := &stream{
		group:    g,
		name:     r.Name,
		id:       id,
		implicit: r.Implicit,
		created:  r.Created,
		token:    r.Token,
	}

	// Implicit streams count for the memory limit.
	if st.implicit {
		s.addUsage(g, 0, streamOverhead)
	}

	g.streams[r.Name] = st
	streams[id] = st

	s.lastID = max(s.lastID, id)
	return nil
}

// parseStreamKey splits a key into its stream and the number that follows it.
func parseStreamKey(streams map[uint64]*stream, key string) (*stream, uint64, error) {
	if len(key) != 32 {
		return nil, 0, fmt.Errorf("key %q: want 32 hexadecimal digits", key)
	}

	// 16 digits each, in hex.
	id, err := strconv.ParseUint(key[:16], 16, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("key %q: %w", key, err)
	}

	n, err := strconv.ParseUint(key[16:], 16, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("key %q: %w", key, err)
	}

	st := streams[id]
	if st == nil {
		return nil, 0, fmt.Errorf("key %q: its stream does not exist", key)
	}

	return st, n, nil
}

// loadBlock restores a block of a restored stream.
func (s *Service) loadBlock(streams map[uint64]*stream, key string, value []byte) error {
	st, id, err := parseStreamKey(streams, key)
	if err != nil {
		return err
	}

	// The store reuses the memory of value.
	bl, highest, err := decodeBlock(id, slices.Clone(value))
	if err != nil {
		return fmt.Errorf("block %s: %w", key, err)
	}
	if bl.n == 0 {
		return fmt.Errorf("block %s is empty", key)
	}

	st.blocks = append(st.blocks, bl)
	st.ingested = max(st.ingested, bl.ingested)
	s.addUsage(st.group, bl.size, bl.memory())

	// New ids and sequence numbers continue after the highest ones in the store.
	s.lastID = max(s.lastID, id)
	s.lastSeq = max(s.lastSeq, highest)
	return nil
}

// convertOldEvents converts events in the format of earlier versions, with a record for
// each event, into blocks.
func (s *Service) convertOldEvents(streams map[uint64]*stream) error {
	// A record is the time, the ingestion time and the message.
	found := map[*stream][]event{}
	err := s.store.Scan(eventTable, "", func(key string, value []byte) error {
		st, seq, err := parseStreamKey(streams, key)
		if err != nil {
			return err
		}
		if len(value) < 16 {
			return fmt.Errorf("event %s has %d bytes", key, len(value))
		}

		found[st] = append(found[st], event{
			time:     int64(binary.BigEndian.Uint64(value)),
			ingested: int64(binary.BigEndian.Uint64(value[8:])),
			seq:      seq,
			message:  string(value[16:]),
		})

		s.lastSeq = max(s.lastSeq, seq)
		return nil
	})
	if err != nil || len(found) == 0 {
		return err
	}

	b := s.store.Batch()
	for st, events := range found {
		slices.SortFunc(events, comparePositions)
		s.insertEvents(b, st, events)
		for _, e := range events {
			st.ingested = max(st.ingested, e.ingested)
		}
	}

	b.DeletePrefix(eventTable, "")
	return b.Apply().Wait()
}
