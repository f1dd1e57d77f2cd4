package supervisor

import "encoding/binary"

// reportHeader is the size in bytes of a report's kind, value and length of the text.
const reportHeader = 6

// Bytes encodes the report. Text is cut at 255 bytes.
func (r Report) Bytes() []byte {
	text := r.Text[:min(len(r.Text), 255)]
	b := binary.BigEndian.AppendUint32([]byte{r.Kind}, r.Value)
	return append(append(b, byte(len(text))), text...)
}

// ReadReport decodes one report. fill must fill the slice that it gets, as
// io.ReadFull does.
func ReadReport(fill func([]byte) error) (Report, error) {
	header := make([]byte, reportHeader)
	if err := fill(header); err != nil {
		return Report{}, err
	}

	text := make([]byte, header[reportHeader-1])
	if err := fill(text); err != nil {
		return Report{}, err
	}
	return Report{
		Kind:  header[0],
		Value: binary.BigEndian.Uint32(header[1:]),
		Text:  string(text),
	}, nil
}

// Flags of a request.
const (
	flagProbe byte = 1 << iota
	flagNamespaces
)

// Bytes encodes the request, its length first.
func (r *Request) Bytes() []byte {
	var flags byte
	if r.Probe {
		flags |= flagProbe
	}

	if r.Namespaces {
		flags |= flagNamespaces
	}

	b := append(make([]byte, 4), flags)
	for _, n := range []uint32{r.UID, r.OpenFiles, r.Processes} {
		b = binary.BigEndian.AppendUint32(b, n)
	}

	for _, s := range []string{r.Path, r.Dir, r.Temp} {
		b = appendString(b, s)
	}

	for _, list := range [][]string{r.Env, r.Readable, r.Hidden} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(list)))
		for _, s := range list {
			b = appendString(b, s)
		}
	}

	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// ParseRequest decodes what follows the length of an encoded request, and reports
// whether it is complete.
func ParseRequest(b []byte) (r Request, ok bool) {
	d := decoder{rest: b}
	flags := d.take(1)[0]
	r = Request{
		Probe:      flags&flagProbe != 0,
		Namespaces: flags&flagNamespaces != 0,
		UID:        d.number(),
		OpenFiles:  d.number(),
		Processes:  d.number(),
		Path:       d.text(),
		Dir:        d.text(),
		Temp:       d.text(),
		Env:        d.list(),
		Readable:   d.list(),
		Hidden:     d.list(),
	}
	if d.short || len(d.rest) > 0 {
		return Request{}, false
	}
	return r, true
}

// decoder reads an encoded request from its front. short is set once there were fewer
// bytes than requested; from then on it returns zeros.
type decoder struct {
	rest  []byte
	short bool
}

// take returns the next n bytes. When there are fewer, it returns at least as many zeros
// as the callers in this file use.
func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.rest) {
		d.short = true
		d.rest = nil
		return make([]byte, min(max(n, 0), 8))
	}

	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) number() uint32 { return binary.BigEndian.Uint32(d.take(4)) }

func (d *decoder) text() string { return string(d.take(int(d.number()))) }

func (d *decoder) list() []string {
	var list []string
	for range d.number() {
		if d.short {
			return nil
		}
		list = append(list, d.text())
	}
	return list
}
