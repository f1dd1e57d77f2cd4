package logs

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/reliableq/reliableq/localaws/logs/pattern"
	"github.com/reliableq/reliableq/localaws/store"
)

// The tables of the store. Streams and events go by the stream's number, in hex,
// so that no name can be mistaken for part of another's key.
const (
	groupTable  store.Table = "logs/group"  // ACCOUNT/REGION/NAME
	streamTable store.Table = "logs/stream" // STREAM
	eventTable  store.Table = "logs/event"  // STREAM SEQUENCE
)

// groupRecord is a group as it is stored.
type groupRecord struct {
	Account   string            `json:"account"`
	Region    string            `json:"region"`
	Name      string            `json:"name"`
	Created   int64             `json:"created"`
	Retention int               `json:"retention,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
	Filters   []MetricFilter    `json:"filters,omitempty"`
}

// streamRecord is a stream as it is stored.
type streamRecord struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Group   string `json:"group"`
	Name    string `json:"name"`
	Created int64  `json:"created"`
	Token   string `json:"token"`
}

func groupKey(g *group) string     { return g.at.account + "/" + g.at.region + "/" + g.name }
func streamKey(id uint64) string   { return fmt.Sprintf("%016x", id) }
func eventKey(id, n uint64) string { return fmt.Sprintf("%016x%016x", id, n) }

func (s *Service) keepGroup(b *store.Batch, g *group) {
	if !s.store.Durable() {
		return
	}
	r := groupRecord{g.at.account, g.at.region, g.name, g.created, g.retention, g.tags, nil}
	for _, f := range g.filters {
		r.Filters = append(r.Filters, MetricFilter{
			FilterName: f.name, FilterPattern: f.match.String(), CreationTime: f.created, LogGroupName: g.name,
			MetricTransformations: []MetricTransformation{f.to},
		})
	}
	b.Put(groupTable, groupKey(g), encode(r))
}

func (s *Service) keepStream(b *store.Batch, st *stream) {
	if !s.store.Durable() {
		return
	}
	at := st.group.at
	b.Put(streamTable, streamKey(st.id), encode(streamRecord{at.account, at.region, st.group.name, st.name, st.created, st.token}))
}

// encode writes a record. Records are plain data and always encode.
func encode(record any) []byte {
	b, err := json.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("logs: encode %T: %v", record, err))
	}
	return b
}

func (s *Service) keepEvents(b *store.Batch, st *stream, events []event) {
	if !s.store.Durable() {
		return
	}
	for _, e := range events {
		b.Put(eventTable, eventKey(st.id, e.seq), e.encode())
	}
}

func (s *Service) forgetEvents(b *store.Batch, st *stream, events []event) {
	if !s.store.Durable() {
		return
	}
	for _, e := range events {
		b.Delete(eventTable, eventKey(st.id, e.seq))
	}
}

func (s *Service) forgetStream(b *store.Batch, st *stream) {
	b.Delete(streamTable, streamKey(st.id))
	b.DeletePrefix(eventTable, streamKey(st.id))
}

func (s *Service) forgetGroup(b *store.Batch, g *group) { b.Delete(groupTable, groupKey(g)) }

// encode writes an event: its time and its ingestion time, eight bytes each, and
// its message.
func (e event) encode() []byte {
	out := make([]byte, 0, 16+len(e.message))
	out = binary.BigEndian.AppendUint64(out, uint64(e.time))
	out = binary.BigEndian.AppendUint64(out, uint64(e.ingested))
	return append(out, e.message...)
}

func decodeEvent(b []byte) (event, error) {
	if len(b) < 16 {
		return event{}, fmt.Errorf("%d bytes are no event", len(b))
	}
	return event{
		time:     int64(binary.BigEndian.Uint64(b)),
		ingested: int64(binary.BigEndian.Uint64(b[8:])),
		message:  string(b[16:]),
	}, nil
}

// load reads the state back.
func (s *Service) load() error {
	if err := s.store.Scan(groupTable, "", s.loadGroup); err != nil {
		return fmt.Errorf("read log groups: %w", err)
	}
	streams := map[uint64]*stream{}
	err := s.store.Scan(streamTable, "", func(key string, value []byte) error { return s.loadStream(streams, key, value) })
	if err != nil {
		return fmt.Errorf("read log streams: %w", err)
	}
	err = s.store.Scan(eventTable, "", func(key string, value []byte) error { return s.loadEvent(streams, key, value) })
	if err != nil {
		return fmt.Errorf("read log events: %w", err)
	}
	for _, st := range streams {
		slices.SortFunc(st.events, func(a, b event) int { return a.position().compare(b.position()) })
	}
	for _, groups := range s.shelf {
		for _, g := range groups {
			s.bookExpiry(g)
		}
	}
	return nil
}

func (s *Service) loadGroup(key string, value []byte) error {
	var r groupRecord
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("group %s: %w", key, err)
	}
	g := &group{
		at: place{r.Account, r.Region}, name: r.Name, created: r.Created, retention: r.Retention, tags: r.Tags,
		streams: map[string]*stream{},
	}
	for _, f := range r.Filters {
		match, err := pattern.Parse(f.FilterPattern)
		if err != nil || len(f.MetricTransformations) != 1 {
			return fmt.Errorf("metric filter %s of group %s cannot be read: %w", f.FilterName, key, err)
		}
		g.filters = append(g.filters, &metricFilter{name: f.FilterName, match: match, to: f.MetricTransformations[0], created: f.CreationTime})
	}
	s.put(g)
	return nil
}

func (s *Service) loadStream(streams map[uint64]*stream, key string, value []byte) error {
	var r streamRecord
	id, err := strconv.ParseUint(key, 16, 64)
	if err != nil {
		return fmt.Errorf("stream %s: %w", key, err)
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("stream %s: %w", key, err)
	}
	g := s.shelf[place{r.Account, r.Region}][r.Group]
	if g == nil {
		return fmt.Errorf("stream %s: its group %s is not there", key, r.Group)
	}
	st := &stream{group: g, name: r.Name, id: id, created: r.Created, token: r.Token}
	g.streams[r.Name], streams[id] = st, st
	s.lastID = max(s.lastID, id)
	return nil
}

func (s *Service) loadEvent(streams map[uint64]*stream, key string, value []byte) error {
	if len(key) != 32 {
		return fmt.Errorf("event %s: no key of an event", key)
	}
	id, err := strconv.ParseUint(key[:16], 16, 64)
	if err != nil {
		return fmt.Errorf("event %s: %w", key, err)
	}
	seq, err := strconv.ParseUint(key[16:], 16, 64)
	if err != nil {
		return fmt.Errorf("event %s: %w", key, err)
	}
	e, err := decodeEvent(value)
	if err != nil {
		return fmt.Errorf("event %s: %w", key, err)
	}
	st := streams[id]
	if st == nil {
		return fmt.Errorf("event %s: its stream is not there", key)
	}
	e.seq = seq
	st.events = append(st.events, e)
	st.group.bytes += e.size()
	st.ingested = max(st.ingested, e.ingested)
	s.seq = max(s.seq, seq)
	return nil
}
